/// `map`: a function over the elements of ranges, lazily and in order.
///
///     for (int square : tasks.map([](int x) { return x * x; }, numbers, {.chunk = 100})) ...
///
/// What depends on types is here: how elements become calls, and results come back. When to draw, how far to look
/// ahead, and how a map ends is compiled, in src/pool/map.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "concur/backend/submit.hpp"
#include "concur/call/checked.hpp"
#include "concur/core/duration.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/iterable.hpp"
#include "concur/core/refused.hpp"
#include "concur/observe/progress.hpp"

namespace concur {

struct MapOptions {
    /// How many elements make one call. Larger chunks cost less for each element, smaller ones spread better.
    int chunk = 1;
    /// How many elements may be under way or waiting to be taken, all workers together; at least one chunk. Default:
    /// two chunks for each worker.
    std::optional<int> buffer = std::nullopt;
    /// For the whole iteration, from its begin.
    Duration timeout = never;
    /// What a progress bar on stderr says; none if empty, or if that is no terminal. Counts what the loop has taken.
    std::string_view progress = {};
};

namespace detail {

/// One call of a map: its state, and where it leaves results if not in the state itself.
class MapCall {
public:
    /// Takes over a handle on the state.
    explicit MapCall(StateBase* state, std::shared_ptr<void> results = nullptr) noexcept
        : state_{state}, results_{std::move(results)} {}
    MapCall(MapCall&& other) noexcept
        : state_{std::exchange(other.state_, nullptr)}, results_{std::move(other.results_)}, taken_{other.taken_} {}
    MapCall& operator=(MapCall&&) = delete;
    ~MapCall() {
        if (state_) state_->drop_handle();
    }

    [[nodiscard]] StateBase& state() const noexcept { return *state_; }
    template <class Results>
    [[nodiscard]] Results& results() const noexcept {
        return *static_cast<Results*>(results_.get());
    }
    /// Counts the results that were taken.
    [[nodiscard]] std::size_t next() noexcept { return taken_++; }

    /// Nobody wants the rest: what has not started never will.
    void give_up() noexcept;

private:
    StateBase* state_;
    std::shared_ptr<void> results_;
    std::size_t taken_ = 0;
};

/// What a map does next. Used by one thread at a time.
class MapEngine {
public:
    MapEngine(const MapEngine&) = delete;
    MapEngine& operator=(const MapEngine&) = delete;

    /// To the next result; false at the end. Throws the failure that stands at its place: of an element's call, of the
    /// ranges, of the submission; and TimeoutError. After that the map has ended.
    bool advance();

protected:
    MapEngine(const WorkerHandle& worker, const MapOptions& options);
    virtual ~MapEngine();

    [[nodiscard]] Backend& worker() const { return worker_.get(); }
    /// `elements` more are under way.
    void add_call(MapCall call, std::size_t elements);

    /// How many elements there will be, before the first is drawn; 0 if nobody knows.
    virtual std::int64_t total() = 0;
    /// Whether the shortest range has ended.
    virtual bool ended() = 0;
    /// Draws that many elements from the ranges and submits them, fewer if they end.
    virtual void draw(std::size_t elements) = 0;
    /// Takes the next result of a call that is done; false if it has no more.
    virtual bool take(MapCall& call) = 0;
    /// Forgets the result that was taken last.
    virtual void drop_result() noexcept = 0;

private:
    void start();
    bool find_next();
    void draw_ahead();
    void await(const MapCall& call);
    [[nodiscard]] bool is_late() const noexcept;
    [[nodiscard]] std::exception_ptr late_error() const;
    void end() noexcept;

    WorkerHandle worker_;
    std::size_t chunk_;
    std::size_t most_ahead_;
    Duration timeout_;
    TimePoint deadline_ = no_deadline;
    std::deque<MapCall> calls_;  // in the order of their elements
    std::size_t ahead_ = 0;      // elements drawn, and not given back yet
    std::size_t delivered_ = 0;
    std::exception_ptr drawing_error_;  // has its place behind all calls
    std::string description_;           // of the progress
    std::optional<ProgressLine> progress_;
    enum class Stage : unsigned char { fresh, drawing, drawn, over } stage_ = Stage::fresh;
};

/// An engine that knows the type of the results.
template <class Held>
class MapSource : public MapEngine {
public:
    ~MapSource() override = default;
    [[nodiscard]] std::optional<Held>& result() noexcept { return result_; }

protected:
    using MapEngine::MapEngine;

private:
    void drop_result() noexcept final { result_.reset(); }

    std::optional<Held> result_;
};

}  // namespace detail

/// The results of a function on the elements of ranges, in their order: an input range, to be iterated once.
///
/// Lazy: nothing is drawn from the ranges before `begin`, and then only as far as `buffer` allows, so endless ranges
/// are fine. It ends with the shortest range. Ranges that were passed as lvalues are referred to, others are kept. The
/// first failure is thrown by the step that would have given its result, after all results before it; then the map has
/// ended. A map that goes away cancels what has not started. Iterate on one thread at a time; each step may block.
template <class R>
class [[nodiscard("nothing is computed before somebody iterates over it")]] Map {
public:
    /// What a step gives; nothing that could be used for void.
    using value_type = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Map::value_type;
        using difference_type = std::ptrdiff_t;
        using pointer = value_type*;
        using reference = value_type&;

        iterator() noexcept = default;
        explicit iterator(detail::MapSource<value_type>& source) noexcept : source_{&source} {}

        /// The result; may be moved from.
        reference operator*() const noexcept { return *source_->result(); }
        pointer operator->() const noexcept { return &**this; }
        iterator& operator++() {
            source_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }

        friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_end() == b.at_end(); }

    private:
        [[nodiscard]] bool at_end() const noexcept { return !source_ || !source_->result(); }

        detail::MapSource<value_type>* source_ = nullptr;
    };

    explicit Map(std::unique_ptr<detail::MapSource<value_type>> source) noexcept : source_{std::move(source)} {}

    /// Starts, or goes on with the result where the iteration stands.
    [[nodiscard]] iterator begin() {
        if (!source_) detail::throw_no_state();
        if (!source_->result()) source_->advance();
        return iterator(*source_);
    }
    [[nodiscard]] iterator end() noexcept { return {}; }

    /// All results, or all that are left; for a function that returns nothing it only waits for all.
    auto collect() {
        if constexpr (std::is_void_v<R>) {
            for (iterator each = begin(); each != end(); ++each) {
            }
        } else {
            std::vector<R> all;
            for (iterator each = begin(); each != end(); ++each) all.push_back(std::move(*each));
            return all;
        }
    }

private:
    std::unique_ptr<detail::MapSource<value_type>> source_;
};

namespace detail {

// ---- from ranges to elements

template <class Iterator, class Reference = decltype(*std::declval<Iterator&>())>
struct ElementOfIterator {
    using type = Reference;
};
/// What an iterator makes up may refer into its range (`std::vector<bool>`, zip): kept is what it stands for.
template <class Iterator, class Reference>
    requires(!std::is_reference_v<Reference> && requires { typename std::iter_value_t<Iterator>; })
struct ElementOfIterator<Iterator, Reference> {
    using type = std::iter_value_t<Iterator>;
};

/// What a function is called with for the elements of a range.
template <class Range>
using ElementOf = typename ElementOfIterator<IteratorOf<Range>>::type;

/// A range, read step by step. Nothing is looked at before it is needed: to look may block, or compute.
template <class Range>
class MapInput {
public:
    explicit MapInput(Range&& range) : range_(std::forward<Range>(range)) {}

    [[nodiscard]] bool ended() {
        if (!next_) {
            next_.emplace(range_access::begin_of(range_));
            end_.emplace(range_access::end_of(range_));
        } else if (read_) {
            ++*next_;
        }
        read_ = false;
        return *next_ == *end_;
    }
    void limit(std::int64_t& size) {
        if constexpr (Sized<std::remove_reference_t<Range>>) {
            const std::int64_t own_size = size_of(range_);
            if (own_size < size) size = own_size;
        }
    }
    ElementOf<Range> element() {
        read_ = true;
        return static_cast<ElementOf<Range>>(**next_);
    }

private:
    Range range_;  // a reference for an lvalue
    std::optional<IteratorOf<Range>> next_;
    std::optional<SentinelOf<Range>> end_;
    bool read_ = false;
};

// ---- from elements to calls

/// One call for each element: for functions that return futures, elements that are futures, and functions whose type is
/// hidden. `Submit` calls the function with an element: a future.
template <class R, class Submit>
class ElementCalls {
public:
    using Result = R;
    using Held = typename Map<R>::value_type;

    explicit ElementCalls(Submit submit) : submit_{std::move(submit)} {}

    template <class Add, class... A>
    void take(Backend& worker, const Add& add, A&&... elements) {
        Future<R> future = submit_(worker, std::forward<A>(elements)...);
        add(MapCall(future.release_state()), 1);
    }
    template <class Add>
    void flush(Backend&, const Add&) {}

    static bool take_result(MapCall& call, std::optional<Held>& result) {
        if (call.next() != 0 || call.state().error()) return false;
        if constexpr (std::is_void_v<R>) {
            result.emplace();
        } else {
            result.emplace(take_value<R>(call.state()));
        }
        return true;
    }

private:
    Submit submit_;
};

/// What a call leaves for a map, result by result: a failure does not take those before it away.
template <class Held>
struct ChunkResults {
    explicit ChunkResults(std::size_t size) : values{std::make_unique<std::optional<Held>[]>(size)} {}

    std::unique_ptr<std::optional<Held>[]> values;
    // Released with each value, because a stop may end a call while its function still runs.
    std::atomic<std::size_t> count{0};
};

[[noreturn]] void throw_chunk_stopped(const CallContext& context);

template <class T, class Target, class R, class... Rules>
struct ChunkTarget {
    using Held = typename Map<R>::value_type;
    using Elements = std::vector<std::tuple<typename Rules::type...>>;
    using Parameters = TypeList<Elements>;
    using Result = void;

    void operator()(T& object, CallContext& context, Elements&& elements) {
        std::optional<StopToken> stop;
        if (elements.size() > 1) stop = context.stop_token();
        // Another attempt goes on where the last one failed.
        for (std::size_t i = results->count.load(std::memory_order_relaxed); i < elements.size(); ++i) {
            if (results.use_count() == 1) return;  // the map has gone, and nobody will ask for the rest
            if (stop && stop->stop_requested()) throw_chunk_stopped(context);
            std::apply([&](auto&... kept) { run_one(i, object, context, Rules::pass(kept)...); }, elements[i]);
            results->count.store(i + 1, std::memory_order_release);
        }
    }

    Target target;
    std::shared_ptr<ChunkResults<Held>> results;

private:
    template <class... A>
    void run_one(std::size_t index, T& object, CallContext& context, A&&... arguments) {
        if constexpr (std::is_void_v<R>) {
            target(object, context, std::forward<A>(arguments)...);
            results->values[index].emplace();
        } else {
            results->values[index].emplace(to_owned(target(object, context, std::forward<A>(arguments)...)));
        }
    }
};

/// One call for each chunk.
template <class T, class Target, class R, class... Rules>
class ChunkCalls {
    using Call = ChunkTarget<T, Target, R, Rules...>;
    using Elements = typename Call::Elements;
    using Results = ChunkResults<typename Call::Held>;

public:
    using Result = R;
    using Held = typename Call::Held;

    ChunkCalls(Target target, const MethodInfo& info) : target_{std::move(target)}, info_{info} {}

    template <class Add, class... A>
    void take(Backend&, const Add&, A&&... elements) {
        try {
            elements_.emplace_back(keep_as<typename Rules::type>(std::forward<A>(elements))...);
        } catch (const Violation& violation) {
            throw_from(info_.name, violation, {ArgumentPlace{std::addressof(elements), sizeof(elements)}...});
        }
    }
    template <class Add>
    void flush(Backend& worker, const Add& add) {
        if (elements_.empty()) return;
        Elements elements = std::exchange(elements_, {});
        const std::size_t count = elements.size();
        auto results = std::make_shared<Results>(count);
        Future<void> future = detail::submit<Blocking::no, BoundCall<T, Call, Slot<Elements, Elements>>>(
            worker, info_, Call{target_, results}, std::move(elements));
        add(MapCall(future.release_state(), std::move(results)), count);
    }

    static bool take_result(MapCall& call, std::optional<Held>& result) {
        auto& results = call.results<Results>();
        const std::size_t next = call.next();
        if (next >= results.count.load(std::memory_order_acquire)) return false;
        result = std::move(results.values[next]);
        return true;
    }

private:
    Target target_;
    const MethodInfo& info_;
    Elements elements_;
};

template <class Calls, class... Ranges>
class MapOver final : public MapSource<typename Calls::Held> {
public:
    MapOver(const WorkerHandle& worker, const MapOptions& options, Calls calls, Ranges&&... ranges)
        : MapSource<typename Calls::Held>(worker, options),
          calls_{std::move(calls)},
          inputs_(std::forward<Ranges>(ranges)...) {}

private:
    std::int64_t total() override {
        // The shortest one is known if all that end have a size.
        std::int64_t shortest = INT64_MAX;
        if constexpr (((Sized<std::remove_reference_t<Ranges>> || is_endless<Ranges>)&&...))
            std::apply([&](auto&... input) { (input.limit(shortest), ...); }, inputs_);
        return shortest == INT64_MAX ? 0 : shortest;
    }
    bool ended() override {
        return std::apply([](auto&... input) { return (input.ended() || ...); }, inputs_);
    }
    void draw(std::size_t elements) override {
        const auto add = [this](MapCall call, std::size_t count) { this->add_call(std::move(call), count); };
        try {
            for (; elements != 0 && !ended(); --elements)
                std::apply([&](auto&... input) { calls_.take(this->worker(), add, input.element()...); }, inputs_);
        } catch (...) {
            calls_.flush(this->worker(), add);  // what was drawn before it has its place before it
            throw;
        }
        calls_.flush(this->worker(), add);
    }
    bool take(MapCall& call) override { return Calls::take_result(call, this->result()); }

    Calls calls_;
    std::tuple<MapInput<Ranges>...> inputs_;
};

// ---- map() itself

/// Calls a target with one element each time.
template <class T, class Target>
struct SubmitElement {
    template <class... A>
    auto operator()(Backend& worker, A&&... elements) const {
        return submit<Blocking::no, BoundCallFor<T, Target, A...>>(worker, info, target, std::forward<A>(elements)...);
    }

    Target target;
    const MethodInfo& info;
};

template <class T, class Target, class Parameters, class... A>
struct CallsOfMap;
template <class T, class Target, class... P, class... A>
struct CallsOfMap<T, Target, TypeList<P...>, A...> {
    using Call = BoundCall<T, Target, Slot<P, A>...>;
    using Result = typename Call::Value;
    static constexpr bool one_by_one = Call::follows || Call::has_inputs;

    static auto make(Target target, const MethodInfo& info) {
        if constexpr (one_by_one) {
            using Submit = SubmitElement<T, Target>;
            return ElementCalls<Result, Submit>(Submit{std::move(target), info});
        } else {
            return ChunkCalls<T, Target, Result, Kept<P, std::decay_t<A>>...>(std::move(target), info);
        }
    }
};

/// The map over these calls; for a blocking handle its results.
template <Blocking B, class Calls, class... Ranges>
auto map_calls(const WorkerHandle& worker, const MapOptions& options, Calls calls, Ranges&&... ranges) {
    using Over = MapOver<Calls, Ranges...>;
    Map<typename Calls::Result> map(
        std::make_unique<Over>(worker, options, std::move(calls), std::forward<Ranges>(ranges)...));
    if constexpr (B == Blocking::yes) {
        return map.collect();
    } else {
        return map;
    }
}

/// What a refused map seems to give. Never defined.
template <Blocking B>
std::conditional_t<B == Blocking::yes, Refused, Map<Refused>> refused_map();

/// What may stand where a range is due.
template <class Range>
concept NotMapOptions = !std::is_same_v<std::remove_cvref_t<Range>, MapOptions>;

template <class... Ranges>
consteval bool check_map_ranges() {
    constexpr bool all_are_ranges = (Iterable<Ranges> && ...);
    if constexpr (!all_are_ranges) {
        static_assert(accepted<Given<Ranges...>>,
                      "concur: map() takes a function and then a range for each of its parameters; pass ranges, and "
                      "MapOptions last");
    }
    return all_are_ranges;
}

/// Maps with a target that has been made for the elements of these ranges.
template <Blocking B, class T, class Target, class... Ranges>
auto map_target(const WorkerHandle& worker, Target target, const MethodInfo& info, const MapOptions& options,
                Ranges&&... ranges) {
    using Calls = CallsOfMap<T, Target, typename Target::Parameters, ElementOf<Ranges>...>;
    return map_calls<B>(worker, options, Calls::make(std::move(target), info), std::forward<Ranges>(ranges)...);
}

/// Maps with a function that needs no object.
template <Blocking B, class F, class... Ranges>
auto map_function(const WorkerHandle& worker, F&& function, const MapOptions& options, Ranges&&... ranges) {
    using Function = std::decay_t<F>;
    if constexpr (!check_map_ranges<Ranges...>()) {
        return refused_map<B>();
    } else if constexpr (std::is_member_pointer_v<Function>) {
        static_cast<void>(refuse_member_pointer<Function>());
        return refused_map<B>();
    } else if constexpr (!is_copyable<Function> || !keeps_function<F>) {
        static_assert(accepted<detail::Function<Function>>,
                      "concur: map() calls its function many times, perhaps on several workers, and needs copies of "
                      "it; share what it owns through a std::shared_ptr");
        return refused_map<B>();
    } else {
        using Target = FunctionTarget<NoObject, Function, ElementOf<Ranges>...>;
        if constexpr (!Target::fits) {
            static_cast<void>(Target::explain());
            return refused_map<B>();
        } else {
            return map_target<B, NoObject>(worker, Target{std::forward<F>(function)}, info_of_function<Function>,
                                           options, std::forward<Ranges>(ranges)...);
        }
    }
}

/// Maps with the worker's object, which is a function.
template <Blocking B, class F, class... Ranges>
auto map_object(const WorkerHandle& worker, const MapOptions& options, Ranges&&... ranges) {
    if constexpr (!check_map_ranges<Ranges...>()) {
        return refused_map<B>();
    } else {
        using Target = ObjectTarget<F, ElementOf<Ranges>...>;
        if constexpr (!Target::fits) {
            static_cast<void>(Target::explain());
            return refused_map<B>();
        } else {
            return map_target<B, F>(worker, Target(), info_of_function<F>, options, std::forward<Ranges>(ranges)...);
        }
    }
}

}  // namespace detail
}  // namespace concur
