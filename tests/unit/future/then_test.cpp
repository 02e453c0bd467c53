#include <concur/concur.hpp>

#include <any>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/failure_log.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

using concur::failed;
using concur::Future;
using concur::Outcome;
using concur::Promise;
using concur::ready;
using concur::StopReason;
using concur::test::eventually;
using concur::test::FailureLog;
using concur::test::MoveOnly;
using concur::test::Tracked;
using concur::test::Tracks;
using namespace std::chrono_literals;

namespace {

int twice(int value) { return value * 2; }

/// An executor that keeps its tasks until the test runs or drops them.
class Later {
public:
    template <class F>
    void execute(F&& f) const {
        const std::lock_guard lock(shared_->mutex);
        shared_->tasks.emplace_back(std::forward<F>(f));
    }

    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock(shared_->mutex);
        return shared_->tasks.size();
    }
    void run_all() const {
        for (const auto& task : take()) task();
    }
    void drop_all() const { static_cast<void>(take()); }
    [[nodiscard]] std::deque<std::function<void()>> take() const {
        const std::lock_guard lock(shared_->mutex);
        return std::exchange(shared_->tasks, {});
    }

private:
    struct Shared {
        std::mutex mutex;
        std::deque<std::function<void()>> tasks;
    };
    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

/// Runs each task on a new thread, and waits for them at its end.
class NewThreads {
public:
    template <class F>
    void execute(F f) const {
        threads_->emplace_back(std::move(f));
    }
    void join() const { threads_->clear(); }

private:
    std::shared_ptr<std::vector<std::jthread>> threads_ = std::make_shared<std::vector<std::jthread>>();
};

struct ThrowingExecutor {
    template <class F>
    void execute(F) const {
        throw std::logic_error("the executor is closed");
    }
};

/// Runs at once, and has a look at itself afterwards: it must still exist.
class InlineExecutor {
public:
    explicit InlineExecutor(std::shared_ptr<int> runs) : runs_{std::move(runs)} {}
    template <class F>
    void execute(F f) {
        f();
        ++*runs_;
    }

private:
    std::shared_ptr<int> runs_;
};

}  // namespace

// ---- then: what a continuation takes and gives, F7

TEST_CASE("a continuation gets the value and its result is the new future's", "[then][F7]") {
    Promise<int> promise;
    const Future<int> source = promise.future();
    const Future<std::string> derived = source.then(twice).then([](int value) { return std::to_string(value); });
    CHECK_FALSE(derived.done());
    promise.set_value(21);
    CHECK(derived.result() == "42");
    CHECK(source.result() == 21);
    CHECK(derived.stop_reason() == StopReason::none);
    CHECK(ready(4).then(twice).result() == 8);  // done already: runs at once
}

TEST_CASE("a continuation may be any callable that fits", "[then][F7]") {
    CHECK(ready(4).then([](auto value) { return value + 1; }).result() == 5);
    CHECK(ready(4).then([](const int& value) { return value + 1; }).result() == 5);
    CHECK(ready(4).then([](int&& value) { return value + 1; }).result() == 5);
    CHECK(ready(4).then([](long value) { return value + 1; }).result() == 5);
    CHECK(ready(4).then(&twice).result() == 8);
    CHECK(ready(4).then(std::function<int(int)>(twice)).result() == 8);
    CHECK(ready(std::string("four")).then(&std::string::size).result() == 4);
    CHECK(ready(4).then([owned = std::make_unique<int>(2)](int value) { return value + *owned; }).result() == 6);
    CHECK(ready(4).then([count = 0](int value) mutable { return value + ++count; }).result() == 5);
    CHECK(ready().then([] { return 5; }).result() == 5);
    CHECK_NOTHROW(ready().then([] {}).result());
    CHECK_NOTHROW(ready(4).then([](int) {}).result());
    CHECK(ready(MoveOnly(3)).then([](MoveOnly value) { return value; }).result().value() == 3);
    CHECK(std::any_cast<int>(ready(3).then([](std::any value) { return value; }).result()) == 3);
}

TEST_CASE("a generic continuation gets the value", "[then][F7]") {
    bool plain_value = false;
    ready(4).then([&](auto value) { plain_value = std::is_same_v<decltype(value), int>; }).result();
    CHECK(plain_value);
}

TEST_CASE("a continuation that takes an outcome or the future runs on failure too", "[then][F7]") {
    const Future<int> failure = failed<int>(std::range_error("range"));
    CHECK(failure.then([](Outcome<int> outcome) { return outcome.value_or(-1); }).result() == -1);
    CHECK(failure.then([](const Outcome<int>& outcome) { return outcome.has_value(); }).result() == false);
    CHECK(failure.then([](Future<int> future) { return future.exception() != nullptr; }).result());
    CHECK(ready(3).then([](Outcome<int> outcome) { return outcome.value(); }).result() == 3);
    CHECK(ready(3).then([](const Future<int>& future) { return future.result(); }).result() == 3);
    CHECK(failed<void>(1).then([](Outcome<void> outcome) { return outcome.has_value(); }).result() == false);
    CHECK(ready().then([](Future<void> future) { return future.done(); }).result());
    CHECK(ready(MoveOnly(5)).then([](Outcome<MoveOnly> outcome) { return outcome.value().value(); }).result() == 5);

    const Future<int> source = ready(1);
    CHECK(source.then([](Future<int> future) { return future.id(); }).result() == source.id());
}

TEST_CASE("a failure skips value continuations and arrives as it is", "[then][F7]") {
    const Future<int> source = failed<int>(std::range_error("range"));
    bool ran = false;
    const Future<int> derived = source.then([&](int value) {
        ran = true;
        return value;
    });
    CHECK_FALSE(ran);
    CHECK(derived.exception() == source.exception());
    CHECK(derived.stop_reason() == source.stop_reason());
    CHECK(derived.then(twice).then(twice).exception() == source.exception());

    Promise<int> promise;
    const Future<int> cancelled = promise.future();
    const Future<int> after = cancelled.then(twice);
    cancelled.cancel();
    CHECK_THROWS_AS(after.result(), concur::CancelledError);
    CHECK(after.cancelled());
    CHECK(after.stop_reason() == StopReason::cancelled);
}

TEST_CASE("what a continuation throws is the new future's failure", "[then][F7]") {
    const Future<int> derived = ready(1).then([](int) -> int { throw std::out_of_range("no such page"); });
    CHECK_THROWS_AS(derived.result(), std::out_of_range);
    CHECK(derived.stop_reason() == StopReason::retries_exhausted);
    CHECK(derived.failure().has_value());
    CHECK_THROWS_AS(ready().then([] { throw 42; }).result(), int);
    CHECK_THROWS_AS(ready(1).then([](int) -> Future<int> { throw std::range_error(""); }).result(), std::range_error);
}

TEST_CASE("a continuation's result is decayed, and views become owners", "[then][F7][W12]") {
    std::string text = "a text that is longer than any small string buffer";
    std::vector<int> numbers{1, 2};
    const auto view = ready().then([&] { return std::string_view(text); });
    const auto span = ready().then([&] { return std::span<const int>(numbers); });
    const auto reference = ready().then([&]() -> std::string& { return text; });
    STATIC_REQUIRE(std::is_same_v<decltype(view), const Future<std::string>>);
    STATIC_REQUIRE(std::is_same_v<decltype(span), const Future<std::vector<int>>>);
    STATIC_REQUIRE(std::is_same_v<decltype(reference), const Future<std::string>>);
    const std::string before = text;
    text.assign(text.size(), 'x');
    numbers.assign(2, 0);
    CHECK(view.result() == before);
    CHECK(span.result() == std::vector{1, 2});
    CHECK(reference.result() == before);
}

TEST_CASE("a continuation moves the value if its source has no other handle, and copies it else", "[then][F2][F7]") {
    Tracks tracks;
    {
        Promise<Tracked> promise;
        const Future<Tracked> derived =
            promise.future().then([](Tracked value) { return value; }).then([](Tracked value) { return value; });
        promise.set_value(Tracked(tracks, 3));
        CHECK(derived.result().value == 3);
        CHECK(tracks.copies == 0);
        CHECK(tracks.alive() == 1 + 1);  // the last one, and the moved-from one that the promise still refers to
    }
    CHECK(tracks.alive() == 0);
    {
        const Future<Tracked> source = ready(Tracked(tracks, 3));
        const int copies = tracks.copies;
        const Future<int> first = source.then([](Tracked value) { return value.value; });
        CHECK(tracks.copies == copies + 1);
        CHECK(first.result() == 3);
        CHECK(source.result().value == 3);
    }
    CHECK(tracks.alive() == 0);
}

TEST_CASE("of several continuations on one future each gets the value", "[then][F7]") {
    Promise<std::string> promise;
    std::vector<Future<std::size_t>> derived;
    for (int i = 0; i < 5; ++i) derived.push_back(promise.future().then([](std::string s) { return s.size(); }));
    promise.set_value("a text that is longer than any small string buffer");
    for (const auto& future : derived) CHECK(future.result() == 50);
}

TEST_CASE("a value that cannot be copied goes to the first continuation", "[then][F2][F7]") {
    Promise<MoveOnly> promise;
    const auto first = promise.future().then([](MoveOnly value) { return value.value(); });
    const auto second = promise.future().then([](MoveOnly value) { return value.value(); });
    promise.set_value(MoveOnly(3));
    CHECK(first.result() == 3);
    CHECK_THROWS_AS(second.result(), concur::FutureTakenError);
}

TEST_CASE("a copy that throws on its way into a continuation is the failure of its future", "[then][F7]") {
    const Future<concur::test::ThrowsOnCopy> source = ready(concur::test::ThrowsOnCopy(1));
    bool ran = false;
    const Future<int> derived = source.then([&](concur::test::ThrowsOnCopy value) {
        ran = true;
        return value.value;
    });
    CHECK_THROWS_AS(derived.result(), concur::test::ValueRefused);
    CHECK_FALSE(ran);
    CHECK(source.result().value == 1);
}

TEST_CASE("what a continuation owns goes before its future is done", "[then][F7]") {
    const auto owned = std::make_shared<int>(1);
    std::vector<long> owners;
    const auto look = [&owners, seen = std::weak_ptr(owned)](auto) { owners.push_back(seen.use_count()); };

    Promise<int> promise;
    const auto value = promise.future().then([owned](int v) { return v; });
    const auto flattened = promise.future().then([owned](int v) { return ready(v); });
    const auto throws = promise.future().then([owned](int) -> int { throw 1; });
    const auto skipped = failed<int>(1).then([owned](int v) { return v; });
    value.on_done(look);
    flattened.on_done(look);
    throws.on_done(look);
    skipped.on_done(look);
    CHECK(owners == std::vector{4L});  // the test's own and those of the three that wait
    promise.set_value(1);
    CHECK(owners.back() == 1);
    CHECK(owned.use_count() == 1);

    Promise<int> cancelled;
    const auto withdrawn = cancelled.future().then([owned](int v) { return v; });
    CHECK(owned.use_count() == 2);
    withdrawn.cancel();
    CHECK(owned.use_count() == 1);
}

TEST_CASE("what a continuation owns goes with the task that an executor drops", "[then][F7]") {
    const auto owned = std::make_shared<int>(1);
    const Later later;
    Promise<int> promise;
    const auto dropped = promise.future().then(later, [owned](int v) { return v; });
    promise.set_value(1);
    CHECK(owned.use_count() == 2);
    later.drop_all();
    CHECK(owned.use_count() == 1);
}

TEST_CASE("a continuation may own its own future without a leak", "[then][F7]") {
    Tracks tracks;
    {
        Promise<Tracked> promise;
        const auto own = std::make_shared<Future<int>>();
        *own = promise.future().then([own](Tracked value) { return value.value; });
        promise.set_value(Tracked(tracks, 2));
        CHECK(own->result() == 2);
        CHECK(own.use_count() == 1);
    }
    CHECK(tracks.alive() == 0);
}

// ---- flattening, F7

TEST_CASE("a continuation that returns a future ends in what that ends in", "[then][F7]") {
    Promise<int> inner;
    Promise<int> outer;
    const Future<int> derived = outer.future().then([&](int) { return inner.future(); });
    STATIC_REQUIRE(std::is_same_v<decltype(derived), const Future<int>>);
    outer.set_value(1);
    CHECK_FALSE(derived.done());
    inner.set_value(2);
    CHECK(derived.result() == 2);

    CHECK(ready(1).then([](int v) { return ready(v + 1); }).result() == 2);
    CHECK_NOTHROW(ready(1).then([](int) { return ready(); }).result());
    CHECK_THROWS_AS(ready(1).then([](int) { return failed<int>(std::range_error("")); }).result(), std::range_error);
}

TEST_CASE("futures of futures are unwrapped at any depth, whichever is ready first", "[then][F7]") {
    CHECK(ready(1).then([](int) { return ready(ready(ready(8))); }).result() == 8);

    Promise<Future<Future<std::string>>> outermost;
    Promise<Future<std::string>> middle;
    Promise<std::string> innermost;
    const auto derived = ready(1).then([&](int) { return outermost.future(); });
    STATIC_REQUIRE(std::is_same_v<decltype(derived), const Future<std::string>>);
    outermost.set_value(middle.future());
    CHECK_FALSE(derived.done());
    innermost.set_value("text");
    middle.set_value(innermost.future());
    CHECK(derived.result() == "text");

    Promise<Future<int>> fails;
    const auto failing = ready(1).then([&](int) { return fails.future(); });
    fails.set_value(failed<int>(std::range_error("range")));
    CHECK_THROWS_AS(failing.result(), std::range_error);
}

TEST_CASE("a continuation that returns an empty future fails with NoStateError", "[then][F1][F7]") {
    CHECK_THROWS_AS(ready(1).then([](int) { return Future<std::string>(); }).result(), concur::NoStateError);
    CHECK_THROWS_AS(ready(1).then([](int) { return Future<void>(); }).result(), concur::NoStateError);
}

TEST_CASE("an empty future inside of a returned future is NoStateError too", "[then][F1][F7]") {
    CHECK_THROWS_AS(ready(1).then([](int) { return ready(Future<std::string>()); }).result(), concur::NoStateError);
    Promise<Future<std::string>> promise;
    const auto derived = ready(1).then([&](int) { return promise.future(); });
    promise.set_value(Future<std::string>());
    CHECK_THROWS_AS(derived.result(), concur::NoStateError);
}

TEST_CASE("a returned future that cannot hand over its value gives its own error", "[then][F2][F7]") {
    const Future<concur::test::ThrowsOnCopy> kept = ready(concur::test::ThrowsOnCopy(1));
    CHECK_THROWS_AS(ready(1).then([&](int) { return kept; }).result(), concur::test::ValueRefused);

    const Future<MoveOnly> taken = ready(MoveOnly(1));
    CHECK(Future(taken).result().value() == 1);
    CHECK_THROWS_AS(ready(1).then([&](int) { return taken; }).result(), concur::FutureTakenError);
}

TEST_CASE("a returned future's value is moved if nobody else has it", "[then][F2][F7]") {
    Tracks tracks;
    {
        Promise<Tracked> inner;
        Future<Tracked> future = inner.future();
        const auto derived =
            ready(1).then([moved = std::exchange(future, {})](int) mutable { return std::move(moved); });
        inner.set_value(Tracked(tracks, 2));
        CHECK(derived.result().value == 2);
        CHECK(tracks.copies == 0);
    }
    CHECK(tracks.alive() == 0);
}

// ---- cancelling, F5 and F7

TEST_CASE("cancelling a continuation cancels it only, and it never runs", "[then][F5][F7]") {
    Promise<int> promise;
    const Future<int> source = promise.future();
    bool ran = false;
    const Future<void> derived = source.then([&](int) { ran = true; });
    const Future<int> sibling = source.then(twice);
    CHECK(derived.cancel());
    CHECK(derived.cancelled());
    CHECK_FALSE(source.done());
    CHECK_FALSE(promise.stop_requested());
    promise.set_value(2);
    CHECK_FALSE(ran);
    CHECK(source.result() == 2);
    CHECK(sibling.result() == 4);
    CHECK_THROWS_AS(derived.result(), concur::CancelledError);
}

TEST_CASE("cancelling with the sources cancels the whole chain upwards, and not its siblings' results", "[then][F5]") {
    Promise<int> promise;
    const Future<int> first = promise.future();
    const Future<int> second = first.then(twice);
    const Future<int> third = second.then(twice);
    CHECK(third.cancel(concur::Cancel::sources));
    CHECK(third.cancelled());
    CHECK(second.cancelled());
    CHECK(first.cancelled());
    CHECK(promise.stop_requested());

    Promise<int> other;
    const Future<int> source = other.future();
    const Future<int> end = source.then(twice).then(twice);
    CHECK(end.cancel(concur::Cancel::sources));
    CHECK(source.cancelled());
}

TEST_CASE("a chain that is cancelled in the middle fails from there on", "[then][F5][F7]") {
    Promise<int> promise;
    int ran = 0;
    const auto count = [&](int value) {
        ++ran;
        return value + 1;
    };
    const Future<int> first = promise.future().then(count);
    const Future<int> middle = first.then(count);
    const Future<int> last = middle.then(count).then(count);
    CHECK(middle.cancel());
    CHECK_THROWS_AS(last.result(), concur::CancelledError);
    promise.set_value(1);
    CHECK(first.result() == 2);
    CHECK(ran == 1);
}

TEST_CASE("a cancelled continuation lets go of its source at once", "[then][F2][F5]") {
    Tracks tracks;
    Promise<Tracked> promise;
    Future<Tracked> source = promise.future();
    const auto derived = source.then([](Tracked value) { return value.value; });
    CHECK(derived.cancel());
    promise.set_value(Tracked(tracks, 1));
    CHECK(std::move(source).result().value == 1);
    CHECK(tracks.copies == 0);  // the cancelled one was no handle any more
}

TEST_CASE("a cancel is passed on to the future that a continuation returned", "[then][F5][F7]") {
    Promise<int> inner;
    const Future<int> derived = ready(1).then([&](int) { return inner.future(); });
    CHECK_FALSE(derived.done());
    CHECK(derived.cancel());
    CHECK(inner.stop_requested());
    CHECK(inner.future().cancelled());
    CHECK_THROWS_AS(derived.result(), concur::CancelledError);
    CHECK(derived.cancelled());

    Promise<Future<Future<int>>> outer;
    Promise<Future<int>> middle;
    const Future<int> deep = ready(1).then([&](int) { return outer.future(); });
    outer.set_value(middle.future());
    CHECK(deep.cancel());
    CHECK(middle.stop_requested());
    CHECK(deep.cancelled());
}

TEST_CASE("cancelling with the sources goes through a returned future as well", "[then][F5][F7]") {
    Promise<int> promise;
    const Future<int> inner = promise.future().then(twice);
    const Future<int> derived = ready(1).then([&](int) { return inner; });
    CHECK(derived.cancel(concur::Cancel::sources));
    CHECK(inner.cancelled());
    CHECK(promise.stop_requested());
    CHECK_THROWS_AS(derived.result(), concur::CancelledError);
}

TEST_CASE("a continuation that runs cannot be withdrawn", "[then][F5]") {
    Promise<int> promise;
    Future<int> derived;
    bool withdrawn = true;
    bool running = false;
    derived = promise.future().then([&](int value) {
        running = derived.running();
        withdrawn = derived.cancel();
        return value;
    });
    promise.set_value(3);
    CHECK(running);
    CHECK_FALSE(withdrawn);
    CHECK(derived.result() == 3);
}

TEST_CASE("cancel races with the continuation's start: it ran, or it was withdrawn, never both",
          "[then][F5][F7][race]") {
    constexpr int rounds = 3000;
    Promise<int> promise;
    Future<int> derived;
    std::atomic<int> ran{0};
    std::atomic<int> told{0};
    bool withdrawn = false;
    int wrong = 0;
    concur::test::race(
        rounds,
        [&](int) {
            promise = Promise<int>();
            ran = 0;
            derived = promise.future().then([&](int value) {
                ++ran;
                return value;
            });
            derived.on_done([&](const Future<int>&) { ++told; });
        },
        [&](int round) {
            if (withdrawn ? !derived.cancelled() || ran != 0 : derived.result() != round || ran != 1) ++wrong;
        },
        [&](int round) { promise.set_value(round); }, [&](int) { withdrawn = derived.cancel(); });
    CHECK(wrong == 0);
    CHECK(eventually([&] { return told == rounds; }));
}

TEST_CASE("cancel races with flattening: inner and derived agree", "[then][F5][F7][race]") {
    constexpr int rounds = 2000;
    Promise<int> outer;
    Promise<int> inner;
    Future<int> derived;
    int wrong = 0;
    int withdrawn_rounds = 0;
    bool withdrawn = false;
    concur::test::race(
        rounds,
        [&](int) {
            outer = Promise<int>();
            inner = Promise<int>();
            derived = outer.future().then([future = inner.future()](int) { return future; });
        },
        [&](int round) {
            if (!derived.done() || (withdrawn ? !derived.cancelled() : derived.result() != round)) ++wrong;
            withdrawn_rounds += withdrawn ? 1 : 0;
        },
        [&](int round) {
            outer.set_value(round);
            inner.set_value(round);
        },
        [&](int) { withdrawn = derived.cancel(); });
    CHECK(wrong == 0);
    CAPTURE(withdrawn_rounds);
}

TEST_CASE("cancel with sources races with the source's value", "[then][F5][race]") {
    Promise<int> promise;
    Future<int> source;
    Future<int> last;
    int wrong = 0;
    concur::test::race(
        2000,
        [&](int) {
            promise = Promise<int>();
            source = promise.future();
            last = source.then(twice).then(twice);
        },
        [&](int round) {
            if (!source.done() || !last.done()) ++wrong;
            if (!last.cancelled() && last.result() != 4 * round) ++wrong;
            if (!source.cancelled() && source.result() != round) ++wrong;
        },
        [&](int round) { promise.set_value(round); }, [&](int) { last.cancel(concur::Cancel::sources); });
    CHECK(wrong == 0);
}

// ---- executors, F7

TEST_CASE("a continuation with an executor runs where that runs it", "[then][F7]") {
    Promise<int> promise;
    const Later later;
    std::thread::id where;
    const Future<int> derived = promise.future().then(later, [&](int value) {
        where = std::this_thread::get_id();
        return value + 1;
    });
    promise.set_value(1);
    CHECK(later.waiting() == 1);
    CHECK_FALSE(derived.done());
    CHECK_FALSE(derived.running());
    std::thread running([&] { later.run_all(); });
    const std::thread::id id = running.get_id();
    running.join();
    CHECK(derived.result() == 2);
    CHECK(where == id);
}

TEST_CASE("a continuation on other threads ends and is flattened there", "[then][F7]") {
    const NewThreads threads;
    Promise<int> promise;
    std::vector<Future<std::string>> derived;
    for (int i = 0; i < 5; ++i)
        derived.push_back(promise.future().then(threads, [i](int value) { return ready(std::to_string(value + i)); }));
    promise.set_value(10);
    for (int i = 0; i < 5; ++i) CHECK(derived[static_cast<std::size_t>(i)].result() == std::to_string(10 + i));
    threads.join();
}

TEST_CASE("a failure passes through an executor as well", "[then][F7]") {
    const Later later;
    const auto value = failed<int>(std::range_error("range")).then(later, twice);
    const auto outcome =
        failed<int>(std::range_error("range")).then(later, [](Outcome<int> o) { return o.value_or(3); });
    later.run_all();
    CHECK_THROWS_AS(value.result(), std::range_error);
    CHECK(outcome.result() == 3);
}

TEST_CASE("an executor that drops its task leaves a broken promise", "[then][F7][W24]") {
    const Later later;
    Tracks tracks;
    {
        bool ran = false;
        const auto derived = ready(Tracked(tracks, 1)).then(later, [&](Tracked) { ran = true; });
        CHECK_FALSE(derived.done());
        later.drop_all();
        CHECK_THROWS_AS(derived.result(), concur::BrokenPromiseError);
        CHECK_FALSE(ran);
    }
    CHECK(tracks.alive() == 0);
}

TEST_CASE("an executor that throws leaves a broken promise, and its exception is reported", "[then][F7][W18][W24]") {
    const FailureLog log;
    const Future<int> derived = ready(1).then(ThrowingExecutor(), twice);
    CHECK_THROWS_AS(derived.result(), concur::BrokenPromiseError);
    CHECK(log.failures() == std::vector<std::string>{"the executor is closed"});

    Promise<int> promise;
    const Future<int> pending = promise.future().then(ThrowingExecutor(), twice);
    CHECK_NOTHROW(promise.set_value(1));
    CHECK_THROWS_AS(pending.result(), concur::BrokenPromiseError);
}

TEST_CASE("an executor that throws for a continuation that nobody keeps harms nobody", "[then][F7]") {
    const FailureLog log;
    Promise<int> promise;
    static_cast<void>(promise.future().then(ThrowingExecutor(), twice));
    CHECK_NOTHROW(promise.set_value(1));
    CHECK(log.failures().size() == 2);  // what the executor threw, and the broken promise that nobody looked at
}

TEST_CASE("an executor may run its task at once, though nobody keeps the future", "[then][F7]") {
    const auto runs = std::make_shared<int>(0);
    Promise<int> promise;
    int seen = 0;
    static_cast<void>(promise.future().then(InlineExecutor(runs), [&](int value) { seen = value; }));
    promise.set_value(5);
    CHECK(seen == 5);
    CHECK(*runs == 1);
    CHECK(ready(3).then(InlineExecutor(runs), twice).result() == 6);
    CHECK(*runs == 2);
}

TEST_CASE("an executor that runs its task twice runs the continuation once", "[then][F7]") {
    const Later later;
    int runs = 0;
    const auto derived = ready(1).then(later, [&](int) { return ++runs; });
    const auto tasks = later.take();
    REQUIRE(tasks.size() == 1);
    tasks[0]();
    tasks[0]();
    const auto copy = tasks[0];
    copy();
    CHECK(runs == 1);
    CHECK(derived.result() == 1);
}

TEST_CASE("a continuation that is cancelled while it waits at an executor never runs", "[then][F5][F7]") {
    const Later later;
    bool ran = false;
    const auto derived = ready(1).then(later, [&](int) { ran = true; });
    CHECK(derived.cancel());
    later.run_all();
    CHECK_FALSE(ran);
    CHECK(derived.cancelled());

    const auto dropped = ready(1).then(later, [&](int) { ran = true; });
    CHECK(dropped.cancel());
    later.drop_all();
    CHECK(dropped.cancelled());
}

TEST_CASE("an executor may run a continuation after its future was dropped", "[then][F7]") {
    const Later later;
    Tracks tracks;
    int seen = 0;
    static_cast<void>(ready(Tracked(tracks, 6)).then(later, [&](Tracked value) { seen = value.value; }));
    later.run_all();
    CHECK(seen == 6);
    CHECK(tracks.alive() == 0);
}

// ---- recover, F7

TEST_CASE("recover gives a value in place of the exception that it takes", "[then][recover][F7]") {
    CHECK(failed<int>(std::range_error("")).recover([](const std::range_error&) { return 7; }).result() == 7);
    CHECK(failed<int>(std::range_error("")).recover([](const std::exception&) { return 7; }).result() == 7);
    CHECK(failed<int>(std::range_error("12"))
              .recover([](std::runtime_error& e) { return std::stoi(e.what()); })
              .result() == 12);
    CHECK(failed<int>(std::range_error("")).recover([](std::exception_ptr) { return 7; }).result() == 7);
    CHECK(failed<int>(std::range_error("")).recover([](const std::exception_ptr&) { return 7; }).result() == 7);
    CHECK(failed<int>(42).recover([](int number) { return number; }).result() == 42);
    CHECK(failed<std::string>(1).recover([](std::exception_ptr) { return "text"; }).result() == "text");
    CHECK(failed<MoveOnly>(1).recover([](int) { return MoveOnly(3); }).result().value() == 3);
    int recovered = 0;
    CHECK_NOTHROW(failed<void>(std::range_error("")).recover([&](const std::exception&) { ++recovered; }).result());
    CHECK(recovered == 1);
}

TEST_CASE("recover passes on values and the exceptions of other types", "[then][recover][F7]") {
    bool ran = false;
    const auto handler = [&](const std::range_error&) {
        ran = true;
        return 0;
    };
    CHECK(ready(5).recover(handler).result() == 5);
    const Future<int> source = failed<int>(std::out_of_range("no such page"));
    CHECK(source.recover(handler).exception() == source.exception());
    CHECK_FALSE(ran);
    CHECK_NOTHROW(ready().recover([](std::exception_ptr) {}).result());
    CHECK(ready(MoveOnly(2)).recover([](std::exception_ptr) { return MoveOnly(0); }).result().value() == 2);
}

TEST_CASE("an exception that recover passes on keeps its stop reason", "[then][recover][F4][F7]") {
    Promise<int> promise;
    const Future<int> source = promise.future();
    const Future<int> derived = source.recover([](const std::range_error&) { return 0; });
    source.cancel();
    CHECK_THROWS_AS(derived.result(), concur::CancelledError);
    CHECK(derived.stop_reason() == StopReason::cancelled);
}

TEST_CASE("what a recovery throws is the failure, and a future that it returns is flattened", "[then][recover][F7]") {
    CHECK_THROWS_AS(failed<int>(1).recover([](int) -> int { throw std::range_error(""); }).result(), std::range_error);
    CHECK(failed<int>(1).recover([](int) { return ready(9); }).result() == 9);
    CHECK(ready(4).recover([](std::exception_ptr) { return ready(9); }).result() == 4);
    CHECK_THROWS_AS(failed<int>(1).recover([](int) { return failed<int>(2.5); }).result(), double);
    Promise<int> fallback;
    const Future<int> derived = failed<int>(1).recover([&](int) { return fallback.future(); });
    CHECK_FALSE(derived.done());
    fallback.set_value(3);
    CHECK(derived.result() == 3);
}

// ---- on_done, F6

TEST_CASE("a callback runs once with the future, on the thread that completes it", "[then][on_done][F6]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    int runs = 0;
    std::uint64_t id = 0;
    int value = 0;
    std::thread::id where;
    future.on_done([&](Future<int> done) {
        ++runs;
        id = done.id();
        value = done.result();
        where = std::this_thread::get_id();
    });
    CHECK(runs == 0);
    std::thread completing([&] { promise.set_value(4); });
    const std::thread::id completer = completing.get_id();
    completing.join();
    CHECK(runs == 1);
    CHECK(id == future.id());
    CHECK(value == 4);
    CHECK(where == completer);
}

TEST_CASE("a callback on a future that is done runs at once", "[then][on_done][F6]") {
    bool ran = false;
    ready(1).on_done([&](const Future<int>&) { ran = true; });
    CHECK(ran);
    ran = false;
    failed<void>(1).on_done([&](Future<void> done) { ran = done.exception() != nullptr; });
    CHECK(ran);
    ready(1).on_done([owned = std::make_unique<int>(1), &ran](auto) { ran = *owned == 2; });
    CHECK_FALSE(ran);
}

TEST_CASE("callbacks and continuations run in the order they were given", "[then][on_done][F6]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    std::vector<int> order;
    std::vector<Future<void>> keep;
    for (int i = 0; i < 10; ++i) {
        if (i % 2 == 0)
            future.on_done([&order, i](auto) { order.push_back(i); });
        else
            keep.push_back(future.then([&order, i](int) { order.push_back(i); }));
    }
    promise.set_value(1);
    CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("callbacks of a cancelled future run in order on the runtime, not on the cancelling thread",
          "[then][on_done][F6]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    std::vector<int> order;
    std::vector<std::thread::id> where;
    std::atomic<int> told{0};
    for (int i = 0; i < 10; ++i)
        future.on_done([&, i](Future<int> done) {
            if (done.cancelled()) order.push_back(i);
            where.push_back(std::this_thread::get_id());
            ++told;
        });
    CHECK(future.cancel());
    REQUIRE(eventually([&] { return told == 10; }));
    CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    for (const std::thread::id id : where) CHECK(id != std::this_thread::get_id());
}

TEST_CASE("what follows from a cancel runs on the runtime as well", "[then][on_done][F6]") {
    Promise<int> promise;
    Promise<int> outer;
    const Future<int> flattened = outer.future().then([&](int) { return promise.future(); });
    outer.set_value(1);
    std::atomic<bool> told{false};
    std::thread::id where;
    flattened.then([](Outcome<int>) {}).on_done([&](auto) {
        where = std::this_thread::get_id();
        told = true;
    });
    promise.future().cancel();
    REQUIRE(eventually([&] { return told.load(); }));
    CHECK(where != std::this_thread::get_id());
    CHECK(flattened.cancelled());
}

TEST_CASE("a broken promise runs callbacks on the thread that broke it", "[then][on_done][F6]") {
    std::thread::id where;
    std::optional<Promise<int>> promise(std::in_place);
    promise->future().on_done([&](auto) { where = std::this_thread::get_id(); });
    promise.reset();
    CHECK(where == std::this_thread::get_id());
}

TEST_CASE("what a callback throws is reported, and the other callbacks run", "[then][on_done][F6][W18]") {
    const FailureLog log;
    Promise<int> promise;
    int runs = 0;
    promise.future().on_done([](auto) { throw std::logic_error("in a callback"); });
    promise.future().on_done([&](auto) { ++runs; });
    CHECK_NOTHROW(promise.set_value(1));
    CHECK(runs == 1);
    CHECK_NOTHROW(ready(1).on_done([](auto) { throw 42; }));
    CHECK(log.failures() == std::vector<std::string>{"in a callback", "no std::exception"});

    Promise<int> cancelled;
    cancelled.future().on_done([](auto) { throw std::logic_error("on the runtime"); });
    cancelled.future().cancel();
    CHECK(eventually([&] { return log.failures().size() == 3; }));
    CHECK(log.failures().back() == "on the runtime");
}

TEST_CASE("a callback sees the value even if the last handle is taken before it runs", "[then][on_done][F2][F6]") {
    const std::string text = "a text that is longer than any small string buffer";
    Promise<void> first;
    Promise<std::string> second;
    Future<std::string> last = second.future();
    std::string seen;
    std::string taken;
    last.on_done([&](const Future<std::string>& done) { seen = done.result(); });
    const Future<void> derived = first.future().then([&] {
        second.set_value(text);  // its callback is queued behind this continuation
        taken = std::move(last).result();
    });
    first.set_value();
    derived.result();
    CHECK(taken == text);
    CHECK(seen == text);
}

TEST_CASE("a callback may attach, cancel, set and drop whatever it wants", "[then][on_done][F6]") {
    Promise<int> promise;
    Promise<int> other;
    Future<int> future = promise.future();
    int inner = 0;
    bool other_cancelled = false;
    future.on_done([&](Future<int> done) {
        done.on_done([&](auto) { ++inner; });
        done.cancel();
        other_cancelled = other.future().cancel();
        future = {};
    });
    promise.set_value(1);
    CHECK(inner == 1);
    CHECK(other_cancelled);
    CHECK_FALSE(future.valid());
}

TEST_CASE("a callback runs once, however late it comes", "[then][on_done][F6][race]") {
    constexpr int rounds = 3000;
    Promise<int> promise;
    Future<int> future;
    std::atomic<int> runs{0};
    int wrong = 0;
    concur::test::race(
        rounds,
        [&](int) {
            promise = Promise<int>();
            future = promise.future();
            runs = 0;
        },
        [&](int) { wrong += runs == 2 ? 0 : 1; }, [&](int round) { promise.set_value(round); },
        [&](int) { future.on_done([&](auto) { ++runs; }); }, [&](int) { future.on_done([&](auto) { ++runs; }); });
    CHECK(wrong == 0);
}

TEST_CASE("continuations that are attached and cancelled while their source ends leave nothing behind",
          "[then][F5][race]") {
    constexpr int rounds = 1500;
    Tracks tracks;
    Promise<Tracked> promise;
    Future<Tracked> source;
    std::atomic<int> wrong{0};
    const auto attach_and_cancel = [&](int round) {
        for (int i = 0; i < 3; ++i) {
            const Future<int> derived = source.then([](Tracked value) { return value.value; });
            const bool withdrawn = derived.cancel();
            if (withdrawn != derived.cancelled()) ++wrong;
            if (derived.done() && !withdrawn && derived.result() != round) ++wrong;
        }
    };
    concur::test::race(
        rounds,
        [&](int) {
            promise = Promise<Tracked>();
            source = promise.future();
        },
        [&](int) { source = {}; }, [&](int round) { promise.set_value(Tracked(tracks, round)); }, attach_and_cancel,
        attach_and_cancel);
    promise = Promise<Tracked>();
    CHECK(wrong == 0);
    CHECK(tracks.alive() == 0);
}

// ---- cost, F34

TEST_CASE("a million chained continuations complete without deep recursion", "[then][F34]") {
    constexpr int length = 1'000'000;
    Promise<int> promise;
    Future<int> last = promise.future();
    for (int i = 0; i < length; ++i) last = last.then([](int value) { return value + 1; });
    promise.set_value(0);
    CHECK(last.result() == length);
}

TEST_CASE("a million chained continuations fail and are dropped without deep recursion", "[then][F34]") {
    constexpr int length = 1'000'000;
    Future<int> last;
    {
        Promise<int> promise;
        last = promise.future();
        for (int i = 0; i < length; ++i) last = last.then([](int value) { return value + 1; });
    }
    CHECK_THROWS_AS(last.result(), concur::BrokenPromiseError);
}

TEST_CASE("a million chained continuations are cancelled with their sources without deep recursion",
          "[then][F5][F34]") {
    constexpr int length = 1'000'000;
    Promise<int> promise;
    Future<int> last = promise.future();
    for (int i = 0; i < length; ++i) last = last.then([](int value) { return value + 1; });
    CHECK(last.cancel(concur::Cancel::sources));
    CHECK(promise.stop_requested());
    CHECK(last.cancelled());
}

TEST_CASE("a hundred thousand futures inside of each other are flattened without deep recursion", "[then][F7][F34]") {
    constexpr int depth = 100'000;
    std::vector<Promise<int>> promises(depth);
    std::vector<Future<int>> futures;
    for (int i = 0; i < depth; ++i)
        futures.push_back(promises[static_cast<std::size_t>(i)].future().then(
            [&futures, i](int value) { return i == 0 ? ready(value) : futures[static_cast<std::size_t>(i - 1)]; }));
    for (int i = depth - 1; i >= 0; --i) promises[static_cast<std::size_t>(i)].set_value(i + 1);
    CHECK(futures.back().result() == 1);
}

TEST_CASE("continuations of one future cost the same however many there are", "[then][F34]") {
    constexpr int count = 200'000;
    Promise<int> promise;
    const Future<int> source = promise.future();
    std::vector<Future<int>> derived;
    derived.reserve(count);
    for (int i = 0; i < count; ++i) derived.push_back(source.then(twice));
    promise.set_value(2);
    CHECK(derived.front().result() == 4);
    CHECK(derived.back().result() == 4);
}

namespace {
struct Labelled {
    std::string label = std::string(100, 'x');
    int number = 7;
};
}  // namespace

TEST_CASE("a continuation may return a part of its argument", "[future][F7][W12]") {
    const std::string label(100, 'x');
    CHECK(ready(Labelled()).then(&Labelled::label).result() == label);
    CHECK(ready(Labelled()).then([](const Labelled& l) -> const std::string& { return l.label; }).result() == label);
    CHECK(ready(Labelled()).then([](const Labelled& l) -> std::string_view { return l.label; }).result() == label);
    CHECK(ready(Labelled()).then([](Labelled&& l) -> Labelled&& { return std::move(l); }).result().number == 7);
    CHECK(ready(Labelled())
              .then([](const Outcome<Labelled>& o) -> const std::string& { return o.value().label; })
              .result() == label);
    CHECK(ready(Labelled())
              .then([](const Future<Labelled>& f) -> const std::string& { return f.result().label; })
              .result() == label);
    static_assert(std::is_same_v<decltype(ready(Labelled()).then(&Labelled::label)), Future<std::string>>);
}

TEST_CASE("a handler of a future of void may return whatever it likes", "[future][F7]") {
    int handled = 0;
    failed<void>(std::runtime_error("no")).recover([&](const std::exception&) { return ++handled; }).result();
    failed<void>(std::runtime_error("no")).recover([&](std::exception_ptr) { ++handled; }).result();
    CHECK(handled == 2);
}

namespace {
Future<int> count_down(int from) {
    return from == 0 ? ready(0) : ready(from).then([](int left) { return count_down(left - 1); });
}
void step(int left, int& steps) {
    if (left == 0) return;
    ready(left).on_done([&steps](const Future<int>& now) {
        ++steps;
        step(now.result() - 1, steps);
    });
}
}  // namespace

TEST_CASE("a loop of continuations over done futures needs no deep stack", "[future][F34][F6]") {
    constexpr int many = 200'000;
    CHECK(count_down(many).result() == 0);
    int steps = 0;
    step(many, steps);
    CHECK(steps == many);
}

TEST_CASE("a callback on a done future has run when on_done returns, inside another callback, too", "[future][F6]") {
    bool inner_ran = false;
    bool seen = false;
    Promise<int> promise;
    promise.future().on_done([&](auto) {
        ready(1).on_done([&](auto) { inner_ran = true; });
        seen = inner_ran;
    });
    promise.set_value(1);
    CHECK(seen);
}
