/// Who acquires: the call that runs on this thread, for the detection of deadlocks.
#pragma once

#include <cstdint>
#include <utility>

namespace concur::detail {

/// The part of a call's context that limits know: while alive, what the calling thread acquires belongs to this call.
/// One in the other where calls run inside calls. What it has acquired may outlive it, and is judged no more.
///
/// A call that waits in a set, and the amounts it holds there, tell who waits for whom (see LimitCore::find_victim).
/// What was acquired outside of calls, or has been moved since, may be given back by anybody at any time, and ends the
/// search.
class LimitCaller {
public:
    LimitCaller(const LimitCaller&) = delete;
    LimitCaller& operator=(const LimitCaller&) = delete;

    /// Null outside of calls.
    [[nodiscard]] static LimitCaller* innermost() noexcept { return innermost_; }

    /// The call that this one runs inside of.
    [[nodiscard]] LimitCaller* outer() const noexcept { return outer_; }

    /// Greater for those that came to a set later. Asked by the caller's own thread, from its first acquisition on.
    [[nodiscard]] std::uint64_t age() noexcept;
    /// 0 if nobody has asked for it.
    [[nodiscard]] std::uint64_t age_if_any() const noexcept { return age_; }

protected:
    // Of CallContext and nobody else: from `innermost` it knows which of its own runs on this thread.
    LimitCaller() noexcept : outer_{std::exchange(innermost_, this)} {}
    ~LimitCaller() { innermost_ = outer_; }

private:
    static constinit thread_local LimitCaller* innermost_;

    LimitCaller* outer_;
    std::uint64_t age_ = 0;
};

}  // namespace concur::detail
