// Many clients, and a service that cannot serve all of them at once: what jitter and budgets are for. R3, R15
//
// Time is a number here. The hidden test at the end prints the tables of docs/reference/retries.md.
#include <concur/retry/budget.hpp>
#include <concur/retry/decision.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace concur;
using namespace concur::detail;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};
constexpr Duration interval = 100ms;

/// Serves so many requests in each interval; what comes above that fails. It may be down for a time.
struct Service {
    int capacity = 0;
    TimePoint down_from = start;
    TimePoint down_until = start;

    /// Requests in each interval so far, served or not.
    std::vector<int> requests{};

    bool serve(TimePoint now) {
        const auto place = static_cast<std::size_t>((now - start).count() / interval.count());
        if (requests.size() <= place) requests.resize(place + 1);
        return ++requests[place] <= capacity && (now < down_from || now >= down_until);
    }
};

struct Course {
    int calls = 0;
    int served = 0;
    int requests = 0;
    /// In one interval, the first one left out: there the clients come without a choice.
    int peak_of_retries = 0;
    /// When the last call ended.
    Duration over{};

    [[nodiscard]] double per_call() const { return static_cast<double>(requests) / calls; }
};

/// Plays the calls that begin at these times through the decision that workers take.
class Herd final : public RetrySources {
public:
    Herd(const RetryNumbers& numbers, Service service, RetryBudget* budget = nullptr)
        : numbers_{numbers}, service_{std::move(service)}, budget_{budget} {}

    Course run(const std::vector<TimePoint>& begins) {
        Course course{.calls = static_cast<int>(begins.size())};
        for (const TimePoint begin : begins) attempts_.push({begin, 1});
        while (!attempts_.empty()) {
            const Planned attempt = attempts_.top();
            attempts_.pop();
            if (attempt.number == 1 && budget_) budget_->add_call(attempt.time);
            ++course.requests;
            const bool served = service_.serve(attempt.time);
            course.served += served ? 1 : 0;
            go_on(attempt, served);
            course.over = attempt.time - start;
        }
        course.peak_of_retries = *std::max_element(service_.requests.begin() + 1, service_.requests.end());
        return course;
    }

private:
    struct Planned {
        TimePoint time;
        int number;
        friend bool operator>(const Planned& one, const Planned& other) { return one.time > other.time; }
    };

    void go_on(const Planned& attempt, bool served) {
        retry_ = attempt.number;
        const AttemptReport report{
            .end = served ? AttemptEnd::accepted : AttemptEnd::failed, .number = attempt.number, .now = attempt.time};
        const RetryDecision decision = decide(numbers_, report, *this);
        if (decision.again) attempts_.push({decision.until, attempt.number + 1});
    }
    Duration own_wait() override {
        // No curve here asks for the wait before.
        return final_wait(numbers_, curve_wait(numbers_, retry_, Duration(), random_), random_);
    }
    bool take_token(TimePoint now) override { return !budget_ || budget_->take_token(now); }

    RetryNumbers numbers_;
    Service service_;
    RetryBudget* budget_;
    std::priority_queue<Planned, std::vector<Planned>, std::greater<>> attempts_;
    Random random_{7};
    int retry_ = 1;
};

// ---- all at once

constexpr int clients = 1000;
constexpr int capacity = 20;

/// A thousand clients in the same instant, of which fifty intervals could serve all.
Course all_at_once(Jitter jitter) {
    const RetryNumbers numbers{.num_retries = 8, .wait = 1s, .max_wait = 30s, .jitter = jitter};
    return Herd(numbers, {.capacity = capacity}).run(std::vector<TimePoint>(clients, start));
}

// ---- an outage

constexpr auto call_every = 5ms;
constexpr auto load_lasts = 60s;
constexpr auto outage = 30s;

/// Two hundred calls a second for a minute, of which the service is down for half.
Course through_an_outage(int num_retries, RetryBudget* budget = nullptr) {
    std::vector<TimePoint> begins;
    for (TimePoint time = start; time < start + load_lasts; time += call_every) begins.push_back(time);
    const RetryNumbers numbers{.num_retries = num_retries, .wait = 100ms, .jitter = Jitter::full};
    const Service service{.capacity = 40, .down_from = start + 10s, .down_until = start + 10s + outage};
    return Herd(numbers, service, budget).run(begins);
}

}  // namespace

TEST_CASE("without jitter a herd comes back as a herd", "[retry][R3]") {
    const Course none = all_at_once(Jitter::none);
    CHECK(none.peak_of_retries == clients - capacity);
    CHECK(none.served == 9 * capacity);  // each wave is served one interval's worth
}

TEST_CASE("full jitter spreads a herd, and all are served", "[retry][R3]") {
    const Course none = all_at_once(Jitter::none);
    const Course equal = all_at_once(Jitter::equal);
    const Course full = all_at_once(Jitter::full);
    CHECK(full.peak_of_retries < none.peak_of_retries / 6);
    CHECK(equal.peak_of_retries < none.peak_of_retries / 3);
    CHECK(full.peak_of_retries < equal.peak_of_retries);
    CHECK(full.served == clients);
    CHECK(full.requests < none.requests / 2);
}

TEST_CASE("in an outage retries multiply the load, and a budget bounds that", "[retry][R15]") {
    const Course once = through_an_outage(0);
    const Course without = through_an_outage(5);
    RetryBudget budget(0.2, 10);
    const Course with = through_an_outage(5, &budget);
    CHECK(once.per_call() == 1);
    CHECK(without.per_call() > 3);
    // A fifth of the calls, ten tokens a second and the ten at the beginning: the budget's own words.
    const double seconds = std::chrono::duration<double>(load_lasts).count();
    CHECK(with.requests <= with.calls * 1.2 + 10 * seconds + 10);
    CHECK(with.peak_of_retries < without.peak_of_retries);
    // It costs nothing where nothing fails for long.
    CHECK(with.served >= once.served);
}

TEST_CASE("a herd runs the same way each time", "[retry][R3]") {
    CHECK(all_at_once(Jitter::full).requests == all_at_once(Jitter::full).requests);
}

// unit_tests "[herd-tables]"
TEST_CASE("the tables of herds", "[.][herd-tables]") {
    const auto print = [](const std::string& what, const Course& course) {
        fmt::print("| {} | {} | {:.2f} | {} | {:.1f} s |\n", what, course.peak_of_retries, course.per_call(),
                   course.served, std::chrono::duration<double>(std::chrono::nanoseconds(course.over.count())).count());
    };
    for (const Jitter jitter : {Jitter::none, Jitter::proportional(0.25), Jitter::equal, Jitter::full})
        print(to_string(jitter), all_at_once(jitter));
    print("no retries", through_an_outage(0));
    print("5 retries", through_an_outage(5));
    RetryBudget usual(0.2, 10);
    RetryBudget frugal(0.1, 0);
    print("5 retries, RetryBudget(0.2, 10)", through_an_outage(5, &usual));
    print("5 retries, RetryBudget(0.1, 0)", through_an_outage(5, &frugal));
    std::fflush(stdout);
}
