/// One limit of a set: its rule, what is taken of it, and what it has seen.
#pragma once

#include <cstdint>
#include <optional>

#include "concur/limits/acquisition.hpp"
#include "concur/limits/limit.hpp"
#include "limits/rate_kernel.hpp"

namespace concur::detail {

/// The kernels behind one face, with the memory that two of them need. Guarded by the set's lock.
class LimitState {
public:
    LimitState() noexcept {}
    LimitState(const LimitState&) = delete;
    LimitState& operator=(const LimitState&) = delete;
    ~LimitState();

    void set_up(const Limit& limit) noexcept;

    /// The set has the keys, one after the other.
    [[nodiscard]] std::size_t key_size() const noexcept { return key_size_; }
    [[nodiscard]] bool is_rate() const noexcept { return form_ != Form::permits; }
    /// What a request may ask for at most.
    [[nodiscard]] Amount most() const noexcept { return rule_.most(); }

    [[nodiscard]] bool fits(Ticks now, Amount amount) noexcept {
        if (form_ == Form::permits) return in_use_ <= rule_.capacity - amount;
        return rate_fits(now, amount);
    }
    /// For what fits.
    void take(Ticks now, Holding& holding) noexcept {
        ++granted;
        if (form_ == Form::permits)
            in_use_ += holding.amount;
        else
            charge(now, holding);
    }
    /// The holding's end. True if that makes room.
    bool give_back(const Holding& holding) noexcept {
        if (form_ == Form::permits) {
            in_use_ -= holding.amount;
            return true;
        }
        if (!holding.updated && !automatic_) ++unreported;
        return false;
    }
    /// `used` instead of what the holding has now. For permits, no more than that.
    void update(Ticks now, Holding& holding, Amount used) noexcept;

    /// When it fits if nobody else comes; never_ticks for permits that others hold and for what is too much.
    [[nodiscard]] Ticks earliest(Ticks now, Amount amount) noexcept;
    [[nodiscard]] Amount in_use(Ticks now) noexcept;
    [[nodiscard]] Amount available(Ticks now) noexcept;
    [[nodiscard]] Amount capacity() const noexcept { return rule_.capacity; }

    /// A description of what it is now, with another capacity and window. ConfigError if that cannot be.
    [[nodiscard]] RateRule changed_rule(double capacity, std::optional<Duration> window) const;
    void reconfigure(Ticks now, const RateRule& rule) noexcept;

    // Statistics. Those that are rare are small.
    std::uint64_t granted = 0;
    std::uint64_t refused = 0;
    Amount refunded = 0;
    Amount debt = 0;
    Ticks wait_time = 0;
    std::uint32_t timeouts = 0;
    std::uint32_t cancelled = 0;
    std::uint32_t unreported = 0;

private:
    enum class Form : unsigned char { permits, bucket, fixed, sliding };

    [[nodiscard]] bool rate_fits(Ticks now, Amount amount) noexcept;
    void charge(Ticks now, Holding& holding) noexcept;
    void grow_log();

    bool automatic_ = false;  // nobody reports how many calls a call was
    Form form_ = Form::permits;
    std::uint16_t key_size_ = 0;
    RateRule rule_;
    union {
        LowLevels* lows_ = nullptr;  // of a bucket, from its first grant on
        LogEntry* log_;              // of a sliding window
    };
    union {
        Amount in_use_ = 0;  // permits
        Bucket bucket_;
        FixedWindow fixed_;
        SlidingWindow sliding_;
    };
};

}  // namespace concur::detail
