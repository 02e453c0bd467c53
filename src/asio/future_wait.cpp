#include "concur/asio/future_wait.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace concur::detail {

std::exception_ptr operation_aborted() {
    return std::make_exception_ptr(boost::system::system_error(net::error::operation_aborted));
}

void FutureWait::start() noexcept {
    const IntrusivePtr<FutureWait> keep(this);
    // Once attached, another thread may take the handle.
    const IntrusivePtr<StateBase> state(state_);
    if (!waits_->add(*this)) return drop();
    this->add_ref();
    if (!state->attach(*this)) run(*state);
}

void FutureWait::run(StateBase&) noexcept {
    const auto own = IntrusivePtr<FutureWait>::adopt(this);
    if (!waits_->claim(*this)) return;
    post(nullptr);
    waits_->leave();
}

void FutureWait::cancel() noexcept {
    const IntrusivePtr<FutureWait> keep(this);
    if (!waits_->claim(*this)) return;
    if (state_->detach(*this)) this->release();
    std::exception_ptr error = operation_aborted();
    if (cancels_call_) {
        try {
            state_->cancel(Cancel::only_this);
        } catch (...) {
            error = std::current_exception();
        }
    }
    post(std::move(error));
    waits_->leave();
}

void FutureWait::loop_gone() noexcept {
    if (state_->detach(*this)) this->release();
    drop();
}

}  // namespace concur::detail
