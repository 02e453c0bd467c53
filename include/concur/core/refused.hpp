/// How a template says no: one sentence, with the types that it is about beside it, and no other error.
///
/// A refusal is `static_assert(accepted<what, it, is, about>, "concur: subject, problem, remedy")`. Both compilers
/// print the condition with its arguments next to the sentence (clang in it, g++ in its first note), so that the
/// sentence itself need not be made of types. What is refused has the result type Refused, if it has no better one.
#pragma once

namespace concur::detail {

/// False for everything. Only a refusal names it.
template <class... About>
inline constexpr bool accepted = false;

// What stands between the angle brackets there. Only ever printed, so never defined.
template <auto pointer>
struct Method;
template <class F>
struct Function;
template <class T>
struct WorkerClass;
template <int from_one>
struct Position;
template <class... Types>
struct Given;
template <class... Types>
struct Expected;
template <class T>
struct Returned;
template <class T>
struct ValueOfFuture;

/// The result of a refused use where it can have no better type. Converts to everything, so that what is done with the
/// result is no second error. Never made.
struct Refused {
    template <class T>
    operator T() const;

    Refused result() const;
    Refused get() const;
    template <class... F>
    Refused then(F&&...) const;
};

}  // namespace concur::detail
