/// What code that runs on a worker can do there without being given anything: ask about its call, and make calls on its
/// own worker.
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/backend/submit.hpp"
#include "concur/call/call_context.hpp"
#include "concur/worker/proxy.hpp"

namespace concur {

namespace detail {

/// The worker that runs the calling code. Throws NotOnWorkerError elsewhere.
[[nodiscard]] Backend& own_worker();

[[noreturn]] void throw_other_object(const Backend& worker, std::string_view method);

/// A method of the worker's object or of a base class of it, which begins `offset` bytes into the object.
template <class C, class Pointer>
struct OwnMethodTarget {
    using Target = MethodTarget<C, Pointer>;
    using Parameters = typename Target::Parameters;
    using Result = typename Target::Result;

    template <class... A>
    Result operator()(std::byte& object, CallContext& context, A&&... arguments) const {
        return method(*reinterpret_cast<C*>(&object + offset), context, std::forward<A>(arguments)...);
    }

    Target method;
    std::ptrdiff_t offset;
};

/// Where in the object of the calling code's worker its base class C begins. Throws NotOnWorkerError if it has none.
template <class C>
[[nodiscard]] std::ptrdiff_t offset_in_own_object(const Backend& worker, std::string_view method) {
    if (worker.factory().type() == typeid(C)) return 0;
    void* const object = current_whereabouts().object;
    try {
        worker.factory().throw_pointer(object);
    } catch (C* base) {  // NOLINT(misc-throw-by-value-catch-by-reference)
        return reinterpret_cast<std::byte*>(base) - static_cast<std::byte*>(object);
    } catch (...) {
        // Not one of its bases.
    }
    throw_other_object(worker, method);
}

/// The class whose method a pointer names; a static one needs no object.
template <class Pointer>
struct ObjectOf {
    using type = NoObject;
};
template <class Member, class C>
struct ObjectOf<Member C::*> {
    using type = C;
};

}  // namespace detail

namespace this_worker {

/// The context of the call that runs on this thread, for methods and what they call. Throws NotOnWorkerError elsewhere.
[[nodiscard]] inline CallContext& context() { return detail::current_context(); }

/// The limits of the worker that the calling code runs on, see CallContext::limits; also in the constructor of its
/// object. Throws NotOnWorkerError elsewhere.
[[nodiscard]] inline LimitPool limits() { return detail::current_limits(); }

/// Calls a method of the own worker's object: queued behind what is queued already, also while the worker drains; in
/// sync mode it runs at once. The future may be returned from the method, which then ends when it does; waiting for it
/// here throws DeadlockError.
///
/// Throws NotOnWorkerError where no call of a worker runs, or its object has no such method. Naming an inherited method
/// costs a few microseconds more.
template <auto method, class... A>
auto call(A&&... arguments) {
    using Pointer = std::remove_const_t<decltype(method)>;
    using C = typename detail::ObjectOf<Pointer>::type;
    if constexpr (!detail::call_fits<C, Pointer, A...>) {
        return detail::refuse_method<Blocking::no, detail::Method<method>, C, Pointer, A...>();
    } else if constexpr (std::is_same_v<C, detail::NoObject>) {
        return detail::call_method<Blocking::no, C>({detail::own_worker()}, detail::info_of<method>, method,
                                                    std::forward<A>(arguments)...);
    } else {
        using Target = detail::OwnMethodTarget<C, Pointer>;
        detail::Backend& worker = detail::own_worker();
        const std::ptrdiff_t offset = detail::offset_in_own_object<C>(worker, detail::info_of<method>.name);
        return detail::submit<Blocking::no, detail::BoundCallFor<std::byte, Target, A...>>(
            {worker}, detail::info_of<method>, Target{{method}, offset}, std::forward<A>(arguments)...);
    }
}

// What can only be refused: a name that stands for several functions or for a template of them. D7
template <detail::SeveralFunctions methods, class... A>
detail::Refused call(A&&...);

/// Runs `f(arguments...)`, without the object, on the own worker: otherwise as `call`.
template <class F, class... A>
auto submit(F&& f, A&&... arguments) {
    return detail::submit_task<Blocking::no>({detail::own_worker()}, std::forward<F>(f), std::forward<A>(arguments)...);
}

}  // namespace this_worker
}  // namespace concur
