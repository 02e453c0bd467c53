#include "concur/future/future.hpp"

#include <fmt/format.h>

#include "concur/core/text.hpp"
#include "concur/future/promise.hpp"

namespace concur::detail {

void throw_no_state() {
    throw NoStateError("this handle is empty: it was default-constructed, moved from, or its result was taken");
}

void throw_taken() {
    throw FutureTakenError(
        "the value of this future cannot be copied, and was taken already; call result() on it only once, "
        "and give it to one call only");
}

void throw_wait_timeout(const StateBase& state, Duration after) {
    const std::string_view method = state.method_name();
    throw TimeoutError(fmt::format("{} did not end within {}; it goes on, and its future can be waited for again",
                                   method.empty() ? "the call" : method, text_of(after)),
                       after.nanoseconds());
}

void throw_promise_set() { throw PromiseAlreadySetError("this promise was set already; a result is set once"); }

std::exception_ptr broken_promise() {
    return std::make_exception_ptr(BrokenPromiseError("the promise was destroyed before it was set"));
}

std::exception_ptr null_exception() {
    return std::make_exception_ptr(Error("a promise was set to a null exception_ptr"));
}

}  // namespace concur::detail
