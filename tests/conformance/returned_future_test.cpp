// Attempts that return futures, at moments when their worker has something else to do. R13, W12, L17
#include <chrono>
#include <functional>
#include <stdexcept>
#include <vector>

#include "concur/testing.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Site {
    explicit Site(std::vector<Promise<int>>& promised) : promises{&promised} {}
    Future<int> later(int number) {
        ++attempts;
        return promises->at(static_cast<std::size_t>(number)).future();
    }
    void fail() { throw std::runtime_error("down"); }

    std::vector<Promise<int>>* promises;
    int attempts = 0;
};

/// Busy for a time without a clock of the system's.
struct Inner {
    int spin(int microseconds) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
        while (std::chrono::steady_clock::now() < end) {
        }
        return microseconds;
    }
};
struct Asking {
    explicit Asking(const Proxy<Inner>& asked) : inner{asked} {}
    Future<int> later(int microseconds) { return inner.call<&Inner::spin>(microseconds); }
    Proxy<Inner> inner;
};

}  // namespace

TEST_CASE("a call gives its permits back when its future is done, though its worker waits for them",
          "[retry][limits][L17]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const RetryOrder order = GENERATE(RetryOrder::keep, RetryOrder::overtake);
    const bool reports = GENERATE(true, false);
    CAPTURE(mode, order, reports);
    std::vector<Promise<int>> promises(2);
    LimitSet limits({ResourceLimit("permits", 1), RateLimit("tokens", 20, 1h)});
    auto site = Worker<Site>::options()
                    .mode(mode)
                    .retry_order(order)
                    .limits(limits)
                    .method<&Site::later>([reports](auto& m) {
                        m.acquires({{"permits", 1}, {"tokens", 10}});
                        if (!reports) return;
                        m.reports("permits", [](int) { return 0; });
                        m.reports("tokens", [](int used) { return used; });
                    })
                    .init(std::ref(promises));
    const auto first = site.call<&Site::later>(0);
    const auto second = site.call<&Site::later>(1);
    REQUIRE(eventually([&] { return limits.stats("permits").waiting == 1; }));
    promises[0].set_value(1);
    promises[1].set_value(2);
    CHECK(first.wait_for(patience));
    CHECK(second.wait_for(patience));
    CHECK(first.result() + second.result() == 3);
    CHECK(limits.stats("permits").in_use == 0);
    CHECK(limits.stats("tokens").in_use == (reports ? 3 : 20));
}

TEST_CASE("the time of an attempt ends with the future that it returned, however busy its worker is",
          "[retry][R13][W12]") {
    const Mode mode = GENERATE(every_queueing_mode());
    const int retries = GENERATE(0, 2);
    CAPTURE(mode, retries);
    testing::ManualClock clock;
    std::vector<Promise<int>> promises(1);
    auto site = Worker<Site>::options()
                    .mode(mode)
                    .clock(clock)
                    .num_retries(retries)
                    .retry_wait(0s)
                    .method<&Site::later>([](auto& m) { m.attempt_timeout(500ms); })
                    .init(std::ref(promises));
    const auto later = site.call<&Site::later>(0);
    const auto busy =
        site.call([](Site&, CallContext& context) { static_cast<void>(context.stop_token().wait_for(700ms)); });
    clock.settle();
    promises[0].set_value(1);  // in time
    clock.advance(700ms);
    CHECK(later.outcome().has_value());
    CHECK(later.attempts() == 1);
}

TEST_CASE("in sync mode a returned future that is done in the instant of the attempt's end loses no call",
          "[retry][R13][W12]") {
    auto inner = Worker<Inner>::options().mode("thread").init();
    auto asking =
        Worker<Asking>::options().mode("sync").num_retries(1).retry_wait(0s).attempt_timeout(150us).init(inner);
    int lost = 0;
    for (int i = 0; i < 5000 && lost == 0; ++i) lost += asking.call<&Asking::later>(60 + i % 140).done() ? 0 : 1;
    CHECK(lost == 0);
}
