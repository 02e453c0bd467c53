/// `FakeWorker<T>`: a worker without an object, for testing code that uses workers.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "concur/call/diagnose.hpp"
#include "concur/core/owned.hpp"
#include "concur/future/promise.hpp"
#include "concur/worker/options.hpp"
#include "concur/worker/proxy.hpp"

namespace concur::testing {

/// A FakeWorker was called in a way that it was not told to answer.
class UnexpectedCallError : public Error {
public:
    UnexpectedCallError(const std::string& text, std::string method_name)
        : Error(text), method_name_{std::move(method_name)} {}

    [[nodiscard]] const std::string& method_name() const noexcept { return method_name_; }

private:
    std::string method_name_;
};

}  // namespace concur::testing

namespace concur::detail {

/// One method of a fake, untyped.
class FakeMethodBase {
public:
    virtual ~FakeMethodBase() = default;
    [[nodiscard]] virtual bool is(const std::type_info& type, const void* pointer) const noexcept = 0;
    virtual StateBase* answer(const BareCall& call, CallContext& context) = 0;
};

/// Stands in for the object: finds the method of each call.
class FakeObject final : public StandIn {
public:
    explicit FakeObject(std::string_view class_name) : class_name_{class_name} {}

    StateBase* answer(const BareCall& call, CallContext& context) override;

    /// Null if it was not added yet.
    [[nodiscard]] FakeMethodBase* find(const std::type_info& type, const void* pointer) const;
    /// Returns the method that is there from now on: somebody may have added it before.
    FakeMethodBase& add(std::unique_ptr<FakeMethodBase> method, const std::type_info& type, const void* pointer);
    [[nodiscard]] std::vector<std::string> log() const;

private:
    [[nodiscard]] FakeMethodBase* find_locked(const std::type_info& type, const void* pointer) const;

    std::string class_name_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<FakeMethodBase>> methods_;
    std::vector<std::string> log_;
};

[[nodiscard]] WorkerHandle start_fake_worker(std::shared_ptr<FakeObject> object, std::string_view class_name,
                                             TimeSource clock);
[[noreturn]] void throw_nothing_held(std::string_view method);
[[noreturn]] void throw_no_answer(std::string_view method);

/// What a parameter is recorded as.
template <class P>
struct RecordedType {
    using type = Owned<P>;
    static type of(const std::remove_reference_t<P>& argument) { return to_owned(argument); }
};
template <class P>
    requires(std::is_same_v<std::decay_t<P>, const char*> || std::is_same_v<std::decay_t<P>, char*>)
struct RecordedType<P> {
    using type = std::string;
    static type of(const char* argument) { return argument ? argument : ""; }
};

template <class P>
inline constexpr bool can_record = is_copyable<typename RecordedType<P>::type> && !std::is_volatile_v<P>;
template <class P>
    requires std::is_abstract_v<std::decay_t<P>>
inline constexpr bool can_record<P> = false;

template <class F, class List>
inline constexpr bool answers_with_context = false;
template <class F, class... P>
inline constexpr bool answers_with_context<F, TypeList<P...>> = std::is_invocable_v<F&, CallContext&, P...>;
template <class F, class List>
inline constexpr bool answers_plainly = false;
template <class F, class... P>
inline constexpr bool answers_plainly<F, TypeList<P...>> = std::is_invocable_v<F&, P...>;

template <class List>
struct FakeArguments;
template <class... P>
struct FakeArguments<TypeList<P...>> {
    static constexpr bool recordable = (can_record<P> && ...);
    using Record = std::conditional_t<recordable, std::tuple<typename RecordedType<P>::type...>, std::tuple<>>;

    static Record record(void* const* arguments) {
        return read([](auto... each) { return Record(RecordedType<P>::of(*each)...); }, arguments);
    }
    template <class F>
    static decltype(auto) apply(F& f, CallContext& context, void* const* arguments) {
        return read(
            [&](auto... each) -> decltype(auto) {
                if constexpr (std::is_invocable_v<F&, CallContext&, P...>) {
                    return f(context, static_cast<P&&>(*each)...);
                } else {
                    return f(static_cast<P&&>(*each)...);
                }
            },
            arguments);
    }

private:
    template <class F>
    static decltype(auto) read(F&& f, void* const* arguments) {
        return read(f, arguments, std::index_sequence_for<P...>());
    }
    template <class F, std::size_t... index>
    static decltype(auto) read(F& f, [[maybe_unused]] void* const* arguments, std::index_sequence<index...>) {
        return f(static_cast<std::remove_reference_t<P>*>(arguments[index])...);
    }
};

}  // namespace concur::detail

namespace concur::testing {

/// How a FakeWorker<T> answers one method. Each setter holds for the calls that come from then on; answers for one call
/// (`..._once`) are used up first, in the order given. May be used by any thread, while calls are made.
template <class T, class Pointer>
class FakeMethod final : public detail::FakeMethodBase {
    using Target = detail::MethodTarget<T, Pointer>;
    using Arguments = detail::FakeArguments<typename Target::Parameters>;

public:
    /// What the future of a call holds.
    using Value = detail::CallResult<typename Target::Result>;
    /// The arguments of one call: owners instead of views, copies instead of references.
    using Record = typename Arguments::Record;

    FakeMethod(Pointer pointer, std::string_view name) : pointer_{pointer}, name_{name} {}

    /// Every call returns a copy of `value`; nothing for void.
    template <class V>
        requires(!std::is_void_v<Value> && std::is_constructible_v<Value, V>)
    FakeMethod& returns(V&& value) {
        if constexpr (detail::is_copyable<Value>) {
            return always(make([value = Value(std::forward<V>(value))](auto&&...) -> Value { return value; }));
        } else {
            static_assert(detail::accepted<detail::Returned<Value>>,
                          "concur: this result cannot be copied, so it can answer one call only; use returns_once(), "
                          "or does(f) with a function that makes it");
            return *this;
        }
    }
    FakeMethod& returns() requires std::is_void_v<Value> {
        return always(make([](auto&&...) {}));
    }
    /// One call returns `value`.
    template <class V>
        requires(!std::is_void_v<Value> && std::is_constructible_v<Value, V>)
    FakeMethod& returns_once(V&& value) {
        return once(
            make([value = Value(std::forward<V>(value))](auto&&...) mutable -> Value { return std::move(value); }));
    }
    FakeMethod& returns_once() requires std::is_void_v<Value> {
        return once(make([](auto&&...) {}));
    }
    /// Every call fails with `error`: an exception object or a std::exception_ptr.
    template <class E>
    FakeMethod& throws(E&& error) {
        return always(make_failure(std::forward<E>(error)));
    }
    template <class E>
    FakeMethod& throws_once(E&& error) {
        return once(make_failure(std::forward<E>(error)));
    }
    /// Every call gets what `f` returns for its arguments: a value, or a future of one. `f` takes the method's
    /// parameters, optionally CallContext& before them. It runs where calls of a sync worker do: on their caller.
    template <class F>
    FakeMethod& does(F&& f) {
        return always(make_function(std::forward<F>(f)));
    }
    template <class F>
    FakeMethod& does_once(F&& f) {
        return once(make_function(std::forward<F>(f)));
    }
    /// Calls are not answered before `release` or `fail`; cancelling and stopping end them as they do any call.
    FakeMethod& holds() { return always(std::make_shared<Hold>()); }
    FakeMethod& holds_once() { return once(std::make_shared<Hold>()); }

    /// How many calls are held: neither answered nor cancelled.
    [[nodiscard]] std::size_t held() const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(
            std::count_if(held_.begin(), held_.end(), [](const auto& promise) { return !promise.stop_requested(); }));
    }
    /// Answers the call that is held longest. NoStateError if there is none.
    template <class... V>
    void release(V&&... value) {
        next_held().set_value(std::forward<V>(value)...);
    }
    template <class E>
    void fail(E&& error) {
        next_held().set_exception(std::forward<E>(error));
    }

    /// The arguments of all calls so far, oldest first.
    [[nodiscard]] std::vector<Record> calls() const {
        static_assert(Arguments::recordable,
                      "concur: an argument of this method cannot be copied, so a FakeWorker does not keep it; use "
                      "count(), or look at it in does(f)");
        const std::lock_guard lock(mutex_);
        return records_;
    }
    [[nodiscard]] std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return count_;
    }

private:
    struct Action {
        virtual ~Action() = default;
        virtual detail::StateBase* run(FakeMethod& method, const detail::BareCall& call, CallContext& context) = 0;
    };

    template <class F>
    struct Function final : Action {
        explicit Function(F function) : f{std::move(function)} {}
        detail::StateBase* run(FakeMethod&, const detail::BareCall& call, CallContext& context) override {
            using Result = decltype(Arguments::apply(f, context, call.arguments));
            if constexpr (detail::is_future<std::decay_t<Result>>) {
                Future<Value> future = Arguments::apply(f, context, call.arguments);
                if (!future.valid()) detail::throw_no_state();
                return future.release_state();
            } else {
                if constexpr (std::is_void_v<Value>) {
                    static_cast<void>(Arguments::apply(f, context, call.arguments));
                } else {
                    auto& place = *static_cast<std::optional<Value>*>(call.value);
                    place.emplace(detail::to_owned(Arguments::apply(f, context, call.arguments)));
                }
                return nullptr;
            }
        }
        F f;
    };

    struct Throw final : Action {
        explicit Throw(std::exception_ptr given) : error{std::move(given)} {}
        detail::StateBase* run(FakeMethod&, const detail::BareCall&, CallContext&) override {
            std::rethrow_exception(error);
        }
        std::exception_ptr error;
    };

    struct Hold final : Action {
        detail::StateBase* run(FakeMethod& method, const detail::BareCall&, CallContext&) override {
            Promise<Value> promise;
            Future<Value> future = promise.future();
            const std::lock_guard lock(method.mutex_);
            method.held_.push_back(std::move(promise));
            return future.release_state();
        }
    };

    template <class F>
    static std::shared_ptr<Action> make(F f) {
        return std::make_shared<Function<F>>(std::move(f));
    }
    template <class F>
    static std::shared_ptr<Action> make_function(F&& f) {
        using Plain = std::decay_t<F>;
        using Parameters = typename Target::Parameters;
        if constexpr (detail::answers_plainly<Plain, Parameters> || detail::answers_with_context<Plain, Parameters>) {
            return make(Plain(std::forward<F>(f)));
        } else {
            static_assert(detail::accepted<detail::Function<Plain>, detail::Expected<Parameters>>,
                          "concur: this function cannot answer the method; let it take the method's parameters, with "
                          "or without CallContext& before them");
            return {};
        }
    }
    template <class E>
    static std::shared_ptr<Action> make_failure(E&& error) {
        if constexpr (std::is_convertible_v<E, std::exception_ptr>) {
            std::exception_ptr thrown(std::forward<E>(error));
            if (!thrown) throw ConfigError("throws", "a null exception_ptr is not allowed; an exception");
            return std::make_shared<Throw>(std::move(thrown));
        } else {
            return std::make_shared<Throw>(std::make_exception_ptr(std::forward<E>(error)));
        }
    }

    FakeMethod& always(std::shared_ptr<Action> action) {
        const std::lock_guard lock(mutex_);
        std::swap(always_, action);
        return *this;
    }
    FakeMethod& once(std::shared_ptr<Action> action) {
        const std::lock_guard lock(mutex_);
        once_.push_back(std::move(action));
        return *this;
    }

    Promise<Value> next_held() {
        std::deque<Promise<Value>> cancelled;  // let go without the lock
        const std::lock_guard lock(mutex_);
        for (; !held_.empty() && held_.front().stop_requested(); held_.pop_front())
            cancelled.push_back(std::move(held_.front()));
        if (held_.empty()) detail::throw_nothing_held(name_);
        Promise<Value> promise = std::move(held_.front());
        held_.pop_front();
        return promise;
    }

    bool is(const std::type_info& type, const void* pointer) const noexcept override {
        return type == typeid(Pointer) && *static_cast<const Pointer*>(pointer) == pointer_;
    }

    detail::StateBase* answer(const detail::BareCall& call, CallContext& context) override {
        return take_action(call.arguments)->run(*this, call, context);
    }

    std::shared_ptr<Action> take_action(void* const* arguments) {
        const std::lock_guard lock(mutex_);
        ++count_;
        if constexpr (Arguments::recordable)
            records_.push_back(Arguments::record(arguments));
        else
            static_cast<void>(arguments);
        if (once_.empty()) {
            if (!always_) detail::throw_no_answer(name_);
            return always_;
        }
        std::shared_ptr<Action> action = std::move(once_.front());
        once_.pop_front();
        return action;
    }

    const Pointer pointer_;
    const std::string_view name_;
    mutable std::mutex mutex_;
    std::shared_ptr<Action> always_;
    std::deque<std::shared_ptr<Action>> once_;
    std::deque<Promise<Value>> held_;
    std::vector<Record> records_;
    std::size_t count_ = 0;
};

/// A worker of class T without a T: what its proxies call is recorded, and answered as told. No constructor of T runs,
/// and T may be abstract.
///
/// Its proxy behaves as that of a sync worker: calls are answered in the caller, one at a time; `stop`, `drain`, inputs
/// and cancelling work as ever. A method that it was not told about, and a function that wants the object, fail with
/// UnexpectedCallError. Destroying the fake stops the worker: calls that are held fail with WorkerStoppedError.
///
///     concur::testing::FakeWorker<Api> api;
///     api.on<&Api::fetch>().throws_once(Timeout()).returns("page");
///     crawl(api.proxy());
///     CHECK(api.calls<&Api::fetch>() == std::vector{std::tuple(std::string("/")), std::tuple(std::string("/"))});
template <class T>
class FakeWorker {
public:
    explicit FakeWorker(TimeSource clock = {})
        : object_{std::make_shared<detail::FakeObject>(detail::name_of_type<T>())},
          proxy_(detail::start_fake_worker(object_, detail::name_of_type<T>(), std::move(clock))) {}
    FakeWorker(const FakeWorker&) = delete;
    FakeWorker& operator=(const FakeWorker&) = delete;

    [[nodiscard]] Proxy<T> proxy() const { return proxy_; }

    /// How a method is answered: a method, data member or static function of T or a base, named as in `call<...>`.
    template <auto method>
    decltype(auto) on() const {
        using Pointer = std::remove_const_t<decltype(method)>;
        if constexpr (detail::explain_method<detail::Method<method>, T, Pointer>()) {
            using Method = FakeMethod<T, Pointer>;
            static constexpr Pointer pointer = method;
            detail::FakeMethodBase* found = object_->find(typeid(Pointer), &pointer);
            if (!found)
                found = &object_->add(std::make_unique<Method>(method, detail::name_of_method<method>()),
                                      typeid(Pointer), &pointer);
            return static_cast<Method&>(*found);
        } else {
            return detail::Refused();
        }
    }

    /// The arguments of all calls of a method that the fake was told about, oldest first.
    template <auto method>
    [[nodiscard]] auto calls() const {
        return on<method>().calls();
    }
    template <auto method>
    [[nodiscard]] std::size_t count() const {
        return on<method>().count();
    }
    /// The names of all methods called, oldest first, unexpected ones too.
    [[nodiscard]] std::vector<std::string> log() const { return object_->log(); }

private:
    std::shared_ptr<detail::FakeObject> object_;
    Proxy<T> proxy_;
    StopScope stop_ = proxy_.stop_on_exit(Stop::now);
};

}  // namespace concur::testing
