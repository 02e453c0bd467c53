#include "concur/asio/clock_wait.hpp"

namespace concur::detail {

class ClockAlarm::Ring final : public Timer {
public:
    void expired() noexcept override { promise.set_value(); }
    Promise<void> promise;
};

ClockAlarm::ClockAlarm(Clock& clock, TimePoint when) : clock_{&clock}, ring_{new Ring()} {
    clock.schedule(IntrusivePtr<Timer>(ring_.get()), when);
}

ClockAlarm::~ClockAlarm() { clock_->unschedule(*ring_); }

Future<void> ClockAlarm::future() const { return ring_->promise.future(); }

}  // namespace concur::detail
