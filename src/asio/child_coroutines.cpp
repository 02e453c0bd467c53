#include "concur/asio/child_coroutines.hpp"

namespace concur::detail {

void ChildCoroutines::ended(std::size_t child, std::exception_ptr error) {
    signals_[child].slot().clear();  // refers to the executor
    errors_[child] = std::move(error);
    if (errors_[child] && !first_failure_) first_failure_ = errors_[child];
    const bool cancels = rest_ == Rest::ends_with_first || (rest_ == Rest::ends_with_failure && errors_[child]);
    if (cancels && !std::exchange(rest_is_cancelled_, true))
        cancel(net::cancellation_type::terminal | net::cancellation_type::partial);
    one_is_through();
}

void ChildCoroutines::one_is_through() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const std::unique_ptr<Parent> parent = std::move(parent_);
    parent->wake();
}

}  // namespace concur::detail
