// The rate algorithms against oracles that are written differently: exact rational numbers, and lists of all grants.
#include "limits/rate_kernel.hpp"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using concur::detail::Amount;
using concur::detail::Bucket;
using concur::detail::FixedWindow;
using concur::detail::LogEntry;
using concur::detail::LowLevels;
using concur::detail::Mark;
using concur::detail::never_ticks;
using concur::detail::RateRule;
using concur::detail::SlidingWindow;
using concur::detail::Ticks;
using Rational = boost::multiprecision::cpp_rational;
using Random = std::mt19937_64;

constexpr Ticks second = 1'000'000'000;
constexpr Ticks day = 86'400 * second;
constexpr Ticks year = 365 * day;

/// Amounts are thousandths: seven a second, one a day, three hundred million a second, and windows that share no factor
/// with the capacity.
const std::vector<RateRule> rules{
    {7'000, 7'000, second},
    {1'000, 1'000, day},
    {300'000'000'000, 300'000'000'000, second},
    {97'000, 31'000, 1'000'003},
    {13, 29, 999'999'937},
    {1, 1, year},
    {1'000'000'007, 2'000'000'011, 7},
    {400'000'000'000'000'000, 400'000'000'000'000'000, 3'000'000'019},
};

Ticks between(Random& random, Ticks low, Ticks high) { return std::uniform_int_distribution<Ticks>(low, high)(random); }

Amount some_amount(Random& random, Amount most) {
    switch (random() % 4) {
        case 0:
            return most;
        case 1:
            return between(random, 1, most);
        default:
            return between(random, 1, std::max<Amount>(1, most / 16));
    }
}

// ---- the kernels behind one face

class BucketMeter {
public:
    explicit BucketMeter(RateRule rule) : rule_{rule} {}
    bool fits(Ticks now, Amount n) { return state_.fits(rule_, now, n); }
    Ticks earliest(Ticks now, Amount n) { return state_.earliest(rule_, now, n); }
    Mark charge(Ticks now, Amount n) { return state_.charge(rule_, lows_, now, n); }
    Amount refund(Ticks now, Mark mark, Amount charged, Amount used) {
        return state_.refund(rule_, lows_, now, mark, charged, used);
    }
    void owe(Ticks now, Amount n) { state_.owe(rule_, lows_, now, n); }
    Amount used(Ticks now) { return state_.used(rule_, now); }
    Amount most() const { return rule_.most(); }

private:
    RateRule rule_;
    Bucket state_;
    LowLevels lows_;
};

class FixedMeter {
public:
    explicit FixedMeter(RateRule rule) : rule_{rule} {}
    bool fits(Ticks now, Amount n) { return state_.fits(rule_, now, n); }
    Ticks earliest(Ticks now, Amount n) { return state_.earliest(rule_, now, n); }
    Mark charge(Ticks now, Amount n) { return state_.charge(rule_, now, n); }
    Amount refund(Ticks now, Mark mark, Amount charged, Amount used) {
        return state_.refund(rule_, now, mark, charged, used);
    }
    void owe(Ticks now, Amount n) { state_.owe(rule_, now, n); }
    Amount used(Ticks now) { return state_.used(rule_, now); }
    Amount most() const { return rule_.capacity; }

private:
    RateRule rule_;
    FixedWindow state_;
};

class SlidingMeter {
public:
    explicit SlidingMeter(RateRule rule) : rule_{rule}, entries_(SlidingWindow::most_entries) {
        state_.room = SlidingWindow::most_entries;
    }
    bool fits(Ticks now, Amount n) { return state_.fits(rule_, entries_.data(), now, n); }
    Ticks earliest(Ticks now, Amount n) { return state_.earliest(rule_, entries_.data(), now, n); }
    Mark charge(Ticks now, Amount n) { return state_.charge(rule_, entries_.data(), now, n); }
    Amount refund(Ticks now, Mark mark, Amount charged, Amount used) {
        return state_.refund(rule_, entries_.data(), now, mark, charged, used);
    }
    void owe(Ticks now, Amount n) { state_.owe(rule_, entries_.data(), now, n); }
    Amount used(Ticks now) { return state_.used(rule_, entries_.data(), now); }
    Amount most() const { return rule_.capacity; }
    std::uint32_t entries() const { return state_.size; }

private:
    RateRule rule_;
    SlidingWindow state_;
    std::vector<LogEntry> entries_;
};

// ---- the oracles

/// A bucket read forwards: tokens that come in.
class TokenOracle {
public:
    explicit TokenOracle(RateRule rule) : rule_{rule}, tokens_{rule.burst} {}
    bool fits(Ticks now, Amount n) {
        fill(now);
        return tokens_ >= n;
    }
    void charge(Ticks now, Amount n) {
        fill(now);
        tokens_ -= n;
    }
    void owe(Ticks now, Amount n) { charge(now, n); }
    /// Of a grant that was made just now.
    void refund(Ticks now, Amount n) {
        fill(now);
        tokens_ += n;
    }

private:
    void fill(Ticks now) {
        tokens_ += Rational(now - last_) * rule_.capacity / rule_.window;
        if (tokens_ > rule_.burst) tokens_ = rule_.burst;
        last_ = now;
    }
    RateRule rule_;
    Rational tokens_;
    Ticks last_ = 0;
};

/// The time from which on the next one may go.
class PaceOracle {
public:
    explicit PaceOracle(RateRule rule) : distance_{Rational(rule.window) / rule.capacity} {}
    bool fits(Ticks now, Amount) { return now >= free_at_; }
    void charge(Ticks now, Amount n) {
        before_ = free_at_ = std::max<Rational>(free_at_, now);
        free_at_ += distance_ * std::max<Amount>(n, 1000);
        last_ = n;
    }
    void owe(Ticks now, Amount n) { charge(now, n); }
    void refund(Ticks now, Amount n) {
        free_at_ = before_;
        if (last_ > n) charge(now, last_ - n);
    }

private:
    Rational distance_;
    Rational free_at_ = 0;
    Rational before_ = 0;
    Amount last_ = 0;
};

/// All that was granted, counted anew each time.
class LogOracle {
public:
    explicit LogOracle(RateRule rule) : rule_{rule} {}
    bool fits(Ticks now, Amount n) {
        while (!log_.empty() && log_.front().time <= now - rule_.window) log_.pop_front();
        Rational sum = n;
        for (const LogEntry& entry : log_) sum += entry.amount;
        return sum <= rule_.capacity;
    }
    void charge(Ticks now, Amount n) { log_.push_back({now, n}); }
    void owe(Ticks now, Amount n) { charge(now, n); }
    void refund(Ticks, Amount n) { log_.back().amount -= n; }

private:
    RateRule rule_;
    std::deque<LogEntry> log_;
};

/// Windows walked through one by one.
class WindowOracle {
public:
    explicit WindowOracle(RateRule rule) : rule_{rule} {}
    bool fits(Ticks now, Amount n) {
        roll(now);
        return Rational(counted_) + n <= rule_.capacity;
    }
    void charge(Ticks now, Amount n) {
        roll(now);
        if (!start_) start_ = now;
        counted_ += n;
    }
    void owe(Ticks now, Amount n) { charge(now, n); }
    void refund(Ticks, Amount n) { counted_ -= n; }

private:
    void roll(Ticks now) {
        while (start_ && *start_ <= now - rule_.window) {
            counted_ = std::max<Rational>(0, counted_ - rule_.capacity);
            *start_ += rule_.window;
            if (counted_ == 0) start_.reset();
        }
    }
    RateRule rule_;
    Rational counted_ = 0;
    std::optional<Ticks> start_;
};

/// How many decisions differ, of `operations` random ones. Where one is refused: refused again a nanosecond before the
/// hint, granted at the hint, and nothing was changed by having asked.
template <class Meter, class Oracle>
void compare(const RateRule& rule, int operations, Random& random) {
    Meter meter(rule);
    Oracle oracle(rule);
    Ticks now = 0;
    int differing = 0;
    int early = 0;
    int late = 0;
    int changed = 0;
    int granted = 0;
    for (int i = 0; i < operations; ++i) {
        if (now > 4 * year) {
            meter = Meter(rule);
            oracle = Oracle(rule);
            now = 0;
        }
        const Amount n = some_amount(random, meter.most());
        const Amount used_before = meter.used(now);
        const bool fits = meter.fits(now, n);
        differing += fits != oracle.fits(now, n) ? 1 : 0;
        if (fits) {
            ++granted;
            const Mark mark = meter.charge(now, n);
            oracle.charge(now, n);
            if (random() % 8 == 0) {
                const Amount used = between(random, 0, n);
                differing += meter.refund(now, mark, n, used) != n - used && !rule.paces() ? 1 : 0;
                oracle.refund(now, n - used);
            } else if (random() % 16 == 0) {
                const Amount extra = some_amount(random, meter.most());
                meter.owe(now, extra);
                oracle.owe(now, extra);
            }
        } else {
            const Ticks hint = meter.earliest(now, n);
            changed += meter.used(now) != used_before ? 1 : 0;
            Meter at_hint = meter;
            early += at_hint.fits(hint - 1, n) ? 1 : 0;
            late += at_hint.fits(hint, n) ? 0 : 1;
            differing += oracle.fits(hint - 1, n) || !oracle.fits(hint, n) ? 1 : 0;
            now = hint;
        }
        const Ticks each = std::max<Ticks>(1, rule.window / std::max<Amount>(1, rule.capacity));
        switch (random() % 8) {
            case 0:
                now += between(random, 0, 2 * rule.window);
                break;
            case 1:
            case 2:
                now += between(random, 0, 4 * each);
                break;
            case 3:
                now += 1;
                break;
            default:
                break;
        }
    }
    CAPTURE(rule.capacity, rule.burst, rule.window);
    CHECK(differing == 0);
    CHECK(early == 0);
    CHECK(late == 0);
    CHECK(changed == 0);
    CHECK(granted > operations / 20);
}

std::vector<RateRule> without_burst() {
    std::vector<RateRule> of = rules;
    for (RateRule& rule : of) rule.burst = rule.capacity;
    return of;
}

std::vector<RateRule> paced() {
    std::vector<RateRule> of = rules;
    // One takes a thousand years of it.
    std::erase_if(of, [](const RateRule& rule) { return rule.capacity == 1; });
    for (RateRule& rule : of) rule.burst = 0;
    return of;
}

/// The oracles only answer for times that grow: at the hint they have gone ahead, as the loop does then.
void compare_all(int operations, std::uint64_t seed) {
    Random random(seed);
    const int each = operations / static_cast<int>(rules.size());
    for (const RateRule& rule : rules) compare<BucketMeter, TokenOracle>(rule, each, random);
    for (const RateRule& rule : paced()) compare<BucketMeter, PaceOracle>(rule, each, random);
    for (const RateRule& rule : without_burst()) compare<SlidingMeter, LogOracle>(rule, each, random);
    for (const RateRule& rule : without_burst()) compare<FixedMeter, WindowOracle>(rule, each, random);
}

TEST_CASE("every decision of every rate algorithm is that of an exact oracle", "[limits][L3][L7]") {
    compare_all(40'000, 20'261'123);
}

TEST_CASE("a million decisions of every rate algorithm are those of an exact oracle", "[.long][limits][L3][L7]") {
    compare_all(1'200'000, 7);
}

// ---- the interval theorem

struct Grant {
    Ticks time;
    Amount amount;
};

template <class Meter>
std::vector<Grant> greedy_grants(Meter& meter, Ticks window, Random& random, int count) {
    std::vector<Grant> grants;
    for (Ticks now = 0; grants.size() < static_cast<std::size_t>(count);) {
        const Amount n = some_amount(random, meter.most());
        if (meter.fits(now, n)) {
            static_cast<void>(meter.charge(now, n));
            grants.push_back({now, n});
        } else {
            now = random() % 2 ? meter.earliest(now, n) : now + between(random, 1, window / 3 + 1);
        }
    }
    return grants;
}

/// Calls `check(length, sum)` for all intervals from one grant to another one.
template <class Check>
void for_each_interval(const std::vector<Grant>& grants, Check check) {
    for (std::size_t first = 0; first < grants.size(); ++first) {
        Rational sum = 0;
        for (std::size_t last = first; last < grants.size(); ++last) {
            sum += grants[last].amount;
            check(grants[last].time - grants[first].time, sum);
        }
    }
}

TEST_CASE("no interval has more than an algorithm allows", "[limits][L3]") {
    Random random(3);
    int broken = 0;
    for (const RateRule& rule : rules) {
        BucketMeter bucket(rule);
        for_each_interval(greedy_grants(bucket, rule.window, random, 120), [&](Ticks length, const Rational& sum) {
            broken += sum > rule.burst + Rational(length) * rule.capacity / rule.window ? 1 : 0;
        });
        SlidingMeter sliding(rule);
        for_each_interval(greedy_grants(sliding, rule.window, random, 120), [&](Ticks length, const Rational& sum) {
            broken += length < rule.window && sum > rule.capacity ? 1 : 0;
        });
        FixedMeter fixed(rule);
        for_each_interval(greedy_grants(fixed, rule.window, random, 120), [&](Ticks length, const Rational& sum) {
            broken += length < rule.window && sum > Rational(rule.capacity) * 2 ? 1 : 0;
        });
    }
    CHECK(broken == 0);
}

TEST_CASE("a sliding window with more grants than it remembers is stricter by a 2048th, and never looser",
          "[limits][L3]") {
    const RateRule rule{20'000'000, 20'000'000, second};  // twenty thousand a second
    SlidingMeter meter(rule);
    std::vector<Ticks> grants;
    std::uint32_t most_entries = 0;
    Random random(5);
    int too_strict = 0;
    Ticks now = 0;
    while (now < 4 * second) {
        if (meter.fits(now, 1000)) {
            static_cast<void>(meter.charge(now, 1000));
            grants.push_back(now);
            most_entries = std::max(most_entries, meter.entries());
            now += between(random, 0, 60'000);
        } else {
            const Ticks hint = meter.earliest(now, 1000);
            too_strict += hint - (grants[grants.size() - 20'000] + second) > second / 2048 + 1 ? 1 : 0;
            now = hint;
        }
    }
    CHECK(most_entries <= SlidingWindow::most_entries);
    int looser = 0;
    for (std::size_t i = 20'000; i < grants.size(); ++i) looser += grants[i] - grants[i - 20'000] < second ? 1 : 0;
    CHECK(looser == 0);
    CHECK(too_strict == 0);
    CHECK(grants.size() > 70'000);
}

// ---- refunds of a bucket

/// The level that a bucket would have if each grant had taken only what it has used.
Rational level_as_if(const RateRule& rule, const std::vector<Grant>& grants, Ticks now) {
    Rational level = 0;
    Ticks last = 0;
    const auto leak = [&](Ticks to) {
        level = std::max<Rational>(0, level - Rational(to - last) * rule.capacity / rule.window);
        last = to;
    };
    for (const Grant& grant : grants) {
        leak(grant.time);
        level += grant.amount;
    }
    leak(now);
    return level;
}

TEST_CASE("what a bucket refunds is what would be there had it never been taken", "[limits][L7]") {
    Random random(11);
    int looser = 0;
    int stricter = 0;
    int full_refunds = 0;
    for (int round = 0; round < 4'000; ++round) {
        const RateRule rule{1'000, 10'000, 1'000'000};
        BucketMeter meter(rule);
        std::vector<Grant> grants;
        std::vector<Mark> marks;
        Ticks now = 0;
        bool all_refunded = true;
        for (int i = 0; i < 5; ++i) {
            const Amount n = between(random, 1, 5'000);
            if (meter.fits(now, n)) {
                marks.push_back(meter.charge(now, n));
                grants.push_back({now, n});
            }
            now += between(random, 0, 3'000'000);
        }
        while (!marks.empty()) {
            const std::size_t i = random() % marks.size();
            const Amount used = between(random, 0, grants[i].amount);
            all_refunded &= meter.refund(now, marks[i], grants[i].amount, used) == grants[i].amount - used;
            grants[i].amount = used;
            const Rational expected = level_as_if(rule, grants, now);
            looser += meter.used(now) < expected ? 1 : 0;
            if (all_refunded) {
                ++full_refunds;
                stricter += meter.used(now) >= expected + 1 ? 1 : 0;
            }
            if (random() % 2) break;
            now += between(random, 0, 1'000'000);
        }
    }
    CHECK(looser == 0);
    CHECK(stricter == 0);
    CHECK(full_refunds > 1'000);
}

TEST_CASE("refunds of any order and age never make a bucket looser", "[limits][L7]") {
    Random random(12);
    const RateRule rule{1'000, 10'000, 1'000'000};
    int looser = 0;
    Amount refunded = 0;
    for (int round = 0; round < 60; ++round) {
        BucketMeter meter(rule);
        std::vector<Grant> grants;
        std::vector<Mark> marks;
        Ticks now = 0;
        for (int i = 0; i < 60; ++i) {
            const Amount n = between(random, 1, 5'000);
            if (meter.fits(now, n)) {
                marks.push_back(meter.charge(now, n));
                grants.push_back({now, n});
            }
            now += between(random, 0, 3'000'000);
            if (!grants.empty() && random() % 2) {
                const std::size_t i_of_grant = grants.size() - 1 - random() % std::min<std::size_t>(grants.size(), 6);
                Grant& grant = grants[i_of_grant];
                const Amount used = between(random, 0, grant.amount);
                refunded += meter.refund(now, marks[i_of_grant], grant.amount, used);
                grant.amount = used;
            }
            looser += meter.used(now) < level_as_if(rule, grants, now) ? 1 : 0;
        }
    }
    CHECK(looser == 0);
    CHECK(refunded > 1'000'000);
}

TEST_CASE("a grant of a window that is over is not refunded in the next one", "[limits][L7]") {
    const RateRule rule{10'000, 10'000, second};
    FixedMeter fixed(rule);
    const Mark first = fixed.charge(0, 10'000);
    static_cast<void>(fixed.charge(second, 10'000));
    CHECK(fixed.refund(second, first, 10'000, 0) == 0);
    CHECK_FALSE(fixed.fits(second, 1));

    SlidingMeter sliding(rule);
    const Mark old = sliding.charge(0, 10'000);
    static_cast<void>(sliding.charge(second, 10'000));
    CHECK(sliding.refund(second, old, 10'000, 0) == 0);
    CHECK_FALSE(sliding.fits(second, 1));

    BucketMeter bucket(rule);
    const Mark before = bucket.charge(0, 10'000);
    static_cast<void>(bucket.charge(second, 10'000));
    CHECK(bucket.refund(second, before, 10'000, 0) == 0);
    CHECK_FALSE(bucket.fits(second, 1));
}

// ---- edges

TEST_CASE("a debt of any size is paid, and times saturate instead of overflowing", "[limits][L3][L7][L15]") {
    const RateRule rule{1, 1, std::numeric_limits<Ticks>::max()};
    BucketMeter bucket(rule);
    static_cast<void>(bucket.charge(0, 1));
    for (int i = 0; i < 10; ++i) bucket.owe(0, concur::detail::most_amount);
    CHECK(bucket.earliest(0, 1) == never_ticks);
    CHECK(bucket.used(0) == concur::detail::most_amount);

    FixedMeter fixed(rule);
    static_cast<void>(fixed.charge(0, 1));
    for (int i = 0; i < 10; ++i) fixed.owe(0, concur::detail::most_amount);
    CHECK(fixed.earliest(0, 1) == never_ticks);

    SlidingMeter sliding(rule);
    static_cast<void>(sliding.charge(5, 1));
    for (int i = 0; i < 10; ++i) sliding.owe(5, concur::detail::most_amount);
    CHECK(sliding.earliest(5, 1) == never_ticks);
}

TEST_CASE("a step of a year credits one full bucket", "[limits][L15]") {
    const RateRule rule{7'000, 7'000, second};
    BucketMeter bucket(rule);
    static_cast<void>(bucket.charge(0, 7'000));
    for (Ticks now = year; now < 100 * year; now += year) {
        CHECK(bucket.fits(now, 7'000));
        static_cast<void>(bucket.charge(now, 7'000));
        CHECK_FALSE(bucket.fits(now, 1));
    }
}

TEST_CASE("a polled leaky bucket drains all the same", "[limits][L3]") {
    const RateRule rule{1'000, 1'000, second};
    BucketMeter bucket(rule);
    static_cast<void>(bucket.charge(0, 1'000));
    int early = 0;
    for (Ticks now = 0; now < second; now += 999) early += bucket.fits(now, 1'000) ? 1 : 0;
    CHECK(early == 0);
    CHECK(bucket.fits(second, 1'000));
}

TEST_CASE("an earlier time than the last one seen counts as that one", "[limits][L15]") {
    const RateRule rule{1'000, 1'000, second};
    BucketMeter bucket(rule);
    static_cast<void>(bucket.charge(5 * second, 1'000));
    CHECK_FALSE(bucket.fits(0, 1));
    CHECK(bucket.earliest(0, 1'000) == 6 * second);
}

TEST_CASE("another window keeps what was taken of a bucket", "[limits][L13]") {
    const RateRule old_rule{10'000, 10'000, second};
    const RateRule rule{20'000, 20'000, 60 * second};
    Bucket bucket;
    LowLevels lows;
    const Mark mark = bucket.charge(old_rule, lows, 0, 7'000);
    bucket.reconfigure(old_rule, rule, lows, 0);
    CHECK(bucket.used(rule, 0) == 7'000);
    CHECK(bucket.fits(rule, 0, 13'000));
    CHECK_FALSE(bucket.fits(rule, 0, 13'001));
    CHECK(bucket.refund(rule, lows, 0, mark, 7'000, 2'000) == 5'000);
    CHECK(bucket.used(rule, 0) == 2'000);
}

}  // namespace
