// Calls with policies of all kinds, made, cancelled, dropped and stopped at random: each ends in time and in one of its
// ends, objects are called by one thread at a time, and nothing is left behind. R8, R13, R16
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/tracked.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Unavailable : std::runtime_error {
    Unavailable() : std::runtime_error("unavailable") {}
};

/// What all of a round share.
struct Ground {
    Tracks tracks;
    std::atomic<int> objects{0};
    std::atomic<int> overlaps{0};
    LimitSet limits{{ResourceLimit("permits", 2), RateLimit("rate", 1e9, 1s)}};
};

/// What one call does: so many attempts fail, each in one of these ways.
struct Plan {
    enum class Way { throws, is_rejected, throws_slowly, waits_for_stop, asks_inside };
    int failures = 0;
    Way way = Way::throws;
};

int answer(int value) { return value; }

class Site {
public:
    explicit Site(Ground& ground) : ground_{ground}, inner_{Worker<Inner>::options().mode("thread").init()} {
        ++ground_.objects;
    }
    ~Site() { --ground_.objects; }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    /// The argument is copied for each attempt but the last.
    int ask(CallContext& context, const Plan& plan, Tracked value) {
        const Alone alone(*this);
        if (context.attempt().number > plan.failures) return value.value;
        switch (plan.way) {
            case Plan::Way::is_rejected:
                return -1;
            case Plan::Way::throws_slowly:
                std::this_thread::sleep_for(300us);
                break;
            case Plan::Way::waits_for_stop:
                static_cast<void>(context.stop_token().wait_for(2ms));
                break;
            case Plan::Way::asks_inside:
                static_cast<void>(inner_.call<&Inner::ask>(context.attempt().number).result());
                break;
            case Plan::Way::throws:
                break;
        }
        throw Unavailable();
    }
    /// The same with a future: others have the object until it is done.
    Future<int> ask_later(CallContext& context, const Plan& plan, Tracked value) {
        const Alone alone(*this);
        const int number = context.attempt().number;
        return inner_.call([plan, number, result = value.value](Inner&) {
            if (number <= plan.failures && plan.way == Plan::Way::is_rejected) return -1;
            if (number <= plan.failures) throw Unavailable();
            return answer(result);
        });
    }

private:
    struct Inner {
        int ask(int number) {
            if (number % 2) std::this_thread::sleep_for(100us);
            return number;
        }
    };

    /// Nobody else is in the object meanwhile.
    class Alone {
    public:
        explicit Alone(Site& site) : site_{site} {
            if (site_.inside_.fetch_add(1) != 0) ++site_.ground_.overlaps;
        }
        ~Alone() { --site_.inside_; }
        Alone(const Alone&) = delete;
        Alone& operator=(const Alone&) = delete;

    private:
        Site& site_;
    };

    Ground& ground_;
    std::atomic<int> inside_{0};
    Proxy<Inner> inner_;
};

using Dice = std::mt19937;

template <class T, std::size_t n>
const T& one_of(Dice& dice, const std::array<T, n>& all) {
    return all[dice() % n];
}

Plan any_plan(Dice& dice) {
    return {
        .failures = static_cast<int>(dice() % 4),
        .way = one_of(dice, std::array{Plan::Way::throws, Plan::Way::throws, Plan::Way::is_rejected,
                                       Plan::Way::throws_slowly, Plan::Way::waits_for_stop, Plan::Way::asks_inside})};
}

auto any_options(Dice& dice, Ground& ground) {
    auto options = Worker<Site>::options()
                       .mode(one_of(dice, std::array{Mode::sync, Mode::thread, Mode::thread}))
                       .num_retries(one_of(dice, std::array{0, 1, 3, 20}))
                       .retry_wait(one_of(dice, std::array<Duration, 4>{0s, 20us, 200us, 1ms}))
                       .retry_max_wait(2ms)
                       .retry_jitter(one_of(dice, std::array{Jitter::none, Jitter::full}))
                       .retry_order(one_of(dice, std::array{RetryOrder::keep, RetryOrder::overtake}))
                       .retry_until([](int value) { return value >= 0; }, "less than nothing")
                       .attempt_timeout(one_of(dice, std::array<Duration, 3>{never, 100us, 1ms}))
                       .call_timeout(one_of(dice, std::array<Duration, 3>{never, 500us, 5ms}));
    if (dice() % 4 == 0) options = options.retry_on<Unavailable>();
    if (dice() % 4 == 0) options = options.retry_budget(RetryBudget(0.5, 100));
    if (dice() % 2) options = options.limits(ground.limits);
    if (dice() % 2) options = options.template method<&Site::ask>([](auto& m) { m.acquires({{"permits", 1}}); });
    if (dice() % 2)
        options = options.template method<&Site::ask_later>([](auto& m) {
            m.acquires({{"permits", 1}, {"rate", 2}});
            m.reports("rate", [](int value) { return std::clamp(value, 0, 2); });
        });
    return options;
}

/// The end of a call that nobody expects; empty for the others.
std::string surprise_of(const Future<int>& call, Duration time) {
    if (!call.wait_for(time)) return "none";
    try {
        static_cast<void>(call.result());
    } catch (const Unavailable&) {
    } catch (const RetryValidationError&) {
    } catch (const CancelledError&) {
    } catch (const WorkerStoppedError&) {
    } catch (const TimeoutError&) {
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}

/// One of many callers: the calls that it has kept.
struct Caller {
    std::vector<Future<int>> kept;

    void run(const Proxy<Site>& site, Ground& ground, Dice dice, int calls) {
        try {
            for (int i = 0; i < calls; ++i) end_somehow(call(site, ground, dice), dice);
        } catch (const WorkerStoppedError&) {
        }
    }

private:
    static Future<int> call(const Proxy<Site>& site, Ground& ground, Dice& dice) {
        const Plan plan = any_plan(dice);
        Tracked value(ground.tracks, 1);
        if (dice() % 4 == 0)
            return site.with({.num_retries = 1, .call_timeout = 300us}).call<&Site::ask>(plan, std::move(value));
        if (dice() % 3 == 0) return site.call<&Site::ask_later>(plan, std::move(value));
        return site.call<&Site::ask>(plan, std::move(value));
    }
    void end_somehow(Future<int> call, Dice& dice) {
        switch (dice() % 6) {
            case 0:
                call.cancel();
                break;
            case 1:
                return;  // dropped
            case 2:
                static_cast<void>(call.wait_for(std::chrono::microseconds(dice() % 500)));
                call.cancel();
                break;
            case 3:
                kept.push_back(call.then([](int value) { return value + 1; }));
                break;
            default:
                break;
        }
        kept.push_back(std::move(call));
        if (dice() % 8 == 0 && kept.size() > 2) kept[dice() % kept.size()].cancel();
    }
};

/// All that is different from round to round follows from the seed; what the threads make of it does not.
void run_round(unsigned seed) {
    CAPTURE(seed);
    const WatchAll quiet(std::make_shared<Observer>());  // a round may be over before any method returned
    Dice dice(seed);
    Ground ground;
    std::vector<Caller> callers(3);
    {
        const auto site = any_options(dice, ground).init(std::ref(ground));
        const Stop how = one_of(dice, std::array{Stop::drain, Stop::now});
        const auto stop_after = std::chrono::microseconds(dice() % 4000);
        const bool at_the_end = dice() % 4 == 0;
        std::vector<std::jthread> threads;
        for (Caller& caller : callers)
            threads.emplace_back([&caller, &ground, site, own = Dice(dice())] { caller.run(site, ground, own, 12); });
        if (at_the_end) threads.clear();
        std::this_thread::sleep_for(stop_after);
        site.stop(how);
    }
    std::vector<std::string> surprises;
    for (Caller& caller : callers)
        for (const Future<int>& call : caller.kept)
            if (const std::string surprise = surprise_of(call, patience); !surprise.empty())
                surprises.push_back(surprise);
    CHECK(surprises == std::vector<std::string>());
    callers.clear();
    CHECK(ground.overlaps == 0);
    CHECK(eventually([&] { return ground.objects == 0 && ground.tracks.alive() == 0; }));
    CHECK(ground.limits.stats("permits").in_use == 0);
    CHECK(ground.limits.stats("permits").waiting == 0);
    CHECK(ground.limits.try_acquire({{"permits", 2}}).acquired());
}

}  // namespace

TEST_CASE("calls with policies end in time, whatever ends them", "[stress][retry][R8][R13][R16]") {
    for (unsigned seed = 0; seed < 100; ++seed) run_round(seed);
}

// CONCUR_SEED=n stress_tests "[retry-forever]" begins with that seed.
TEST_CASE("calls with policies end in time, a hundred thousand rounds", "[.long][retry-forever]") {
    const char* const given = std::getenv("CONCUR_SEED");
    const auto first = static_cast<unsigned>(given ? std::atoi(given) : 0);
    for (unsigned seed = first; seed < first + 100'000; ++seed) run_round(seed);
}
