#include "concur/asio/coroutine.hpp"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "concur/core/errors.hpp"

namespace concur::detail {
namespace {

bool is_aborted(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& thrown) {
        return thrown.code() == net::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

template <class E>
std::exception_ptr nest(const std::exception_ptr& inner, E outer) noexcept {
    try {
        std::rethrow_exception(inner);
    } catch (...) {
        try {
            std::throw_with_nested(std::move(outer));
        } catch (...) {
            return std::current_exception();
        }
    }
}

}  // namespace

/// A request to stop, on its way to the worker.
class CoroutineState::Cancellation final : public Step {
public:
    explicit Cancellation(CoroutineState& state) noexcept : Step(state.host().clock()), state_{&state} {}
    void drop() noexcept override { delete this; }

private:
    void run_and_free() noexcept override {
        const IntrusivePtr<CoroutineState> state = std::move(state_);
        delete this;
        // In one signal: a second one would replace the first, which a coroutine may have yet to see.
        if (!state->has_ended())
            state->signal_.emit(net::cancellation_type::terminal | net::cancellation_type::partial);
    }

    IntrusivePtr<CoroutineState> state_;
};

CoroutineState::CoroutineState(CallBase& call, CallContext& context)
    : StateBase(Phase::running),
      host_{&call.host()},
      call_{&call},
      context_{context, CallContext::InSteps::yes},
      link_{new ContextLink(context_, *this)} {
    set_clock(call.clock());
    host_->coroutine_began();
    if (host_->runs_coroutines_in_place())
        stop_of_attempt_ =
            std::make_unique<StopCallback<StopOfAttempt>>(context.stop_token().state(), StopOfAttempt(*this));
}

void CoroutineState::on_stop_requested() noexcept { host_->post_step(*new Cancellation(*this)); }

void CoroutineState::succeed() noexcept {
    end_of_code();
    static_cast<void>(publish(Phase::running));
}

void CoroutineState::fail(std::exception_ptr error) noexcept {
    error = translated(std::move(error));
    const StopReason reason = host_->fails_held_calls() ? StopReason::worker_stopped
                              : call_->stop_requested() ? StopReason::cancelled
                                                        : StopReason::retries_exhausted;
    end_of_code();
    if (const auto claim = this->claim(Phase::running)) complete(claim, std::move(error), reason, CompletedBy::owner);
}

// On the worker, but for the end of a loop with coroutines on it.
void CoroutineState::frame_gone() noexcept {
    if (!has_ended()) fail(stopped_error(host_->name(), call_->method_name()));
    host_->coroutine_gone();
}

// A4: who asked for the end gets his own error, not that of the operation that was interrupted. For a deadline whoever
// judges the attempt does the same.
std::exception_ptr CoroutineState::translated(std::exception_ptr error) const noexcept {
    if (!is_aborted(error)) return error;
    const std::string_view method = call_->method_name();
    if (host_->fails_held_calls())
        return nest(error, WorkerStoppedError(fmt::format("{} was not finished: the worker {} has been stopped", method,
                                                          host_->name())));
    if (call_->stop_requested())
        return nest(error, CancelledError(fmt::format("{} was cancelled while it ran", method)));
    return error;
}

void CoroutineState::end_of_code() noexcept {
    const IntrusivePtr<CallBase> call = std::move(call_);  // which may hold this state until it goes itself
    stop_of_attempt_.reset();
    link_->cut();
    put_arguments_back();
    if (call) call->coroutine_ended();
}

}  // namespace concur::detail
