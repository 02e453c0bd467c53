/// Whether calls wait for what moves in real time.
#pragma once

#include <unordered_set>
#include <vector>

#include "concur/call/host.hpp"

namespace concur::detail {

/// A look at the calls that workers on one manual clock hold because they wait for futures from elsewhere, and at what
/// those depend on. Made without a lock: who looks makes sure afterwards that nothing has changed meanwhile.
///
/// Keeps what it has seen alive, so that destroying it may run code of the user.
class RealTimeLook {
public:
    /// `parked` are the threads that sleep on manual clocks.
    RealTimeLook(const Clock& clock, std::vector<const ThreadRecord*> parked)
        : clock_{clock}, parked_{std::move(parked)} {}

    /// False if a held call moves: its input is on its way to it, or depends on what runs in real time. Whenever that
    /// ends, progress is noted at the parking lot.
    [[nodiscard]] bool is_at_rest(const std::vector<CallHost*>& hosts);

    /// Other manual clocks that held calls depend on.
    [[nodiscard]] const std::vector<Clock*>& reached_clocks() const noexcept { return reached_; }

private:
    [[nodiscard]] bool is_at_rest(CallBase& held);
    [[nodiscard]] bool rests_behind(StateBase& start);
    [[nodiscard]] bool may_move(StateBase& state, const Dependencies& dependencies);
    [[nodiscard]] bool runs(StateBase& state) const;

    const Clock& clock_;
    std::vector<const ThreadRecord*> parked_;
    std::vector<Clock*> reached_;
    std::vector<IntrusivePtr<CallBase>> held_;
    std::vector<IntrusivePtr<StateBase>> seen_;
    std::unordered_set<const StateBase*> known_;
};

}  // namespace concur::detail
