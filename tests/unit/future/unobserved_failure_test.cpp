#include <concur/concur.hpp>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/failure_log.hpp"

using concur::failed;
using concur::Future;
using concur::Promise;
using concur::ready;
using concur::test::FailureLog;

namespace {

using Texts = std::vector<std::string>;

Future<int> failure(const char* text = "nobody looks") { return failed<int>(std::runtime_error(text)); }

}  // namespace

TEST_CASE("a failure that nobody looks at is reported once, when its last future goes", "[unobserved_failure][W18]") {
    const FailureLog log;
    Future<int> future = failure();
    Future<int> copy = future;
    future = {};
    CHECK(log.failures().empty());
    copy = {};
    CHECK(log.failures() == Texts{"nobody looks"});
}

TEST_CASE("a failure that somebody looked at is not reported", "[unobserved_failure][W18]") {
    const FailureLog log;
    CHECK_THROWS(failure().result());
    CHECK_THROWS(Future(failure()).get());
    static_cast<void>(failure().exception());
    static_cast<void>(failure().failure());
    static_cast<void>(failure().outcome());
    CHECK_THROWS(concur::gather(std::vector{failure()}));
    failure().on_done([](const Future<int>&) {});
    static_cast<void>(failure().recover([](const std::exception&) { return 1; }));
    static_cast<void>(failure().then([](concur::Outcome<int>) {}));
    static_cast<void>(ready(1).then([](int) { return failure(); }).exception());
    CHECK(log.failures().empty());
}

TEST_CASE("asking whether it is done, or waiting, is not looking", "[unobserved_failure][W18]") {
    const FailureLog log;
    {
        const Future<int> future = failure();
        static_cast<void>(future.done());
        static_cast<void>(future.wait_for(std::chrono::seconds(0)));
        future.wait();
        static_cast<void>(concur::wait({future}));
        CHECK(log.failures().empty());
    }
    CHECK(log.failures() == Texts{"nobody looks"});
}

TEST_CASE("a failure that passes through a chain is reported once, at its end", "[unobserved_failure][F7][W18]") {
    const FailureLog log;
    {
        Promise<int> promise;
        const Future<int> last =
            promise.future().then([](int v) { return v; }).then([](int v) { return ready(v); }).recover([](int) {
                return 0;
            });
        promise.set_exception(std::runtime_error("nobody looks"));
        CHECK(log.failures().empty());
    }
    CHECK(log.failures() == Texts{"nobody looks"});
}

TEST_CASE("a cancel is no unobserved failure", "[unobserved_failure][F5][W18]") {
    const FailureLog log;
    {
        Promise<int> promise;
        const Future<int> future = promise.future();
        future.cancel();
    }
    {
        Promise<int> promise;
        const Future<int> last = promise.future().then([](int v) { return v; });
        last.cancel(concur::Cancel::sources);
    }
    CHECK(log.failures().empty());
}

TEST_CASE("a continuation that throws and is dropped is reported", "[unobserved_failure][F7][W18]") {
    const FailureLog log;
    static_cast<void>(ready(1).then([](int) -> int { throw std::logic_error("in a continuation"); }));
    CHECK(log.failures() == Texts{"in a continuation"});
}

TEST_CASE("the event tells what is known of the failure", "[unobserved_failure][W18]") {
    struct Recorder final : concur::Observer {
        void on_unobserved_failure(const concur::CallEvent& event) override {
            const std::lock_guard lock(mutex);
            ok = event.ok();
            id = event.id;
            pid = event.pid;
            error = event.error;
        }
        std::mutex mutex;
        bool ok = true;
        std::uint64_t id = 0;
        int pid = 0;
        std::exception_ptr error;
    };
    const auto recorder = std::make_shared<Recorder>();
    concur::observe_all(recorder);
    Future<int> future = failure();
    const std::uint64_t id = future.id();
    future = {};
    concur::observe_all(nullptr);
    CHECK_FALSE(recorder->ok);
    CHECK(recorder->id == id);
    CHECK(recorder->pid > 0);
    CHECK(concur::test::text_of(recorder->error) == "nobody looks");
}

TEST_CASE("without an observer an unobserved failure is silent", "[unobserved_failure][W18]") {
    CHECK_NOTHROW(failure());
    CHECK_NOTHROW(ready(1).on_done([](auto) { throw 1; }));
}

TEST_CASE("an observer that throws is switched off and harms nobody", "[unobserved_failure][W18]") {
    struct Throwing final : concur::Observer {
        void on_unobserved_failure(const concur::CallEvent&) override {
            ++calls;
            throw std::logic_error("in an observer");
        }
        int calls = 0;
    };
    const auto throwing = std::make_shared<Throwing>();
    concur::observe_all(throwing);
    static_cast<void>(failure("first"));
    static_cast<void>(failure("second"));
    concur::observe_all(nullptr);
    CHECK(throwing->calls == 1);
}

TEST_CASE("a future dropped on another thread reports there", "[unobserved_failure][W18]") {
    const FailureLog log;
    Future<int> future = failure();
    std::thread dropping([moved = std::exchange(future, {})]() mutable { moved = {}; });
    dropping.join();
    CHECK(log.failures() == Texts{"nobody looks"});
}

TEST_CASE("failures of futures that are dropped while they end are reported once each", "[unobserved_failure][W18]") {
    const FailureLog log;
    constexpr int rounds = 200;
    for (int round = 0; round < rounds; ++round) {
        Promise<int> promise;
        std::jthread dropping([future = promise.future()]() mutable { future = {}; });
        promise.set_exception(std::runtime_error("nobody looks"));
    }
    CHECK(log.failures().size() == rounds);
}
