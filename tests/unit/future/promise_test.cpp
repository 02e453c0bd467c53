#include <concur/concur.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/failure_log.hpp"
#include "support/race.hpp"
#include "support/tracked.hpp"

using concur::Future;
using concur::Promise;
using concur::test::FailureLog;
using concur::test::MoveOnly;
using concur::test::Tracked;
using concur::test::Tracks;

TEST_CASE("a promise is one pointer and can only be moved", "[promise][F9]") {
    STATIC_REQUIRE(sizeof(Promise<int>) == sizeof(void*));
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Promise<int>>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Promise<int>>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Promise<int>>);
    STATIC_REQUIRE(std::is_nothrow_move_assignable_v<Promise<int>>);
    // One allocation holds the whole state of a call or a promise.
    STATIC_REQUIRE(sizeof(concur::detail::PromiseState<int>) <= 192);
}

TEST_CASE("what a promise is set to is what its futures hold", "[promise][F9]") {
    Promise<std::string> promise;
    const Future<std::string> future = promise.future();
    CHECK_FALSE(future.done());
    CHECK_FALSE(promise.stop_requested());
    promise.set_value("text");
    CHECK(future.done());
    CHECK(future.result() == "text");
    CHECK(promise.future() == future);
    CHECK_FALSE(promise.stop_requested());
}

TEST_CASE("a promise of void is set to nothing", "[promise][F9]") {
    Promise<void> promise;
    const Future<void> future = promise.future();
    promise.set_value();
    CHECK_NOTHROW(future.result());
    CHECK_NOTHROW(promise.future().result());
}

TEST_CASE("a promise can be set to an exception object or to an exception_ptr", "[promise][F9]") {
    Promise<int> object;
    object.set_exception(std::out_of_range("no such page"));
    CHECK_THROWS_AS(object.future().result(), std::out_of_range);

    const auto pointer = std::make_exception_ptr(std::range_error("range"));
    Promise<int> promise;
    promise.set_exception(pointer);
    CHECK(promise.future().exception() == pointer);

    Promise<void> number;
    number.set_exception(42);  // what is no std::exception arrives as it is
    CHECK_THROWS_AS(number.future().result(), int);
}

TEST_CASE("a promise that is set to a null exception_ptr has failed with an Error", "[promise][F9]") {
    Promise<int> promise;
    promise.set_exception(std::exception_ptr());
    CHECK_THROWS_AS(promise.future().result(), concur::Error);
    CHECK_THROWS_AS(concur::failed<int>(std::exception_ptr()).result(), concur::Error);
}

TEST_CASE("a promise that goes away unset breaks its futures", "[promise][F9]") {
    Future<int> future;
    {
        Promise<int> promise;
        future = promise.future();
    }
    CHECK(future.done());
    CHECK_THROWS_AS(future.result(), concur::BrokenPromiseError);
    CHECK_FALSE(future.cancelled());
    CHECK(future.stop_reason() != concur::StopReason::none);
    const std::optional<concur::Failure> failure = future.failure();
    REQUIRE(failure.has_value());
    CHECK(failure->pid > 0);
    CHECK(failure->worker.empty());
}

TEST_CASE("assigning to an unset promise breaks the futures of the old one", "[promise][F9]") {
    Promise<int> promise;
    const Future<int> old = promise.future();
    promise = Promise<int>();
    CHECK_THROWS_AS(old.result(), concur::BrokenPromiseError);
    promise.set_value(1);
    CHECK(promise.future().result() == 1);
}

TEST_CASE("a promise assigned to itself stays usable", "[promise][F9]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    Promise<int>& same = promise;
    promise = std::move(same);
    promise.set_value(3);
    CHECK(future.result() == 3);
}

TEST_CASE("a promise is set once", "[promise][F9]") {
    Promise<int> value;
    value.set_value(1);
    CHECK_THROWS_AS(value.set_value(2), concur::PromiseAlreadySetError);
    CHECK_THROWS_AS(value.set_exception(std::runtime_error("late")), concur::PromiseAlreadySetError);
    CHECK(value.future().result() == 1);

    Promise<void> error;
    error.set_exception(std::runtime_error("first"));
    CHECK_THROWS_AS(error.set_value(), concur::PromiseAlreadySetError);
    CHECK_THROWS_AS(error.set_exception(std::exception_ptr()), concur::PromiseAlreadySetError);
    CHECK_THROWS_WITH(error.future().result(), "first");
}

TEST_CASE("a moved-from promise is empty", "[promise][F9]") {
    Promise<int> promise;
    Promise<int> other = std::move(promise);
    // NOLINTBEGIN(bugprone-use-after-move)
    CHECK_THROWS_AS(promise.future(), concur::NoStateError);
    CHECK_THROWS_AS(promise.set_value(1), concur::NoStateError);
    CHECK_THROWS_AS(promise.set_exception(std::runtime_error("")), concur::NoStateError);
    CHECK_THROWS_AS(promise.stop_requested(), concur::NoStateError);
    // NOLINTEND(bugprone-use-after-move)
    other.set_value(2);
    CHECK(other.future().result() == 2);
}

TEST_CASE("a promise learns that its future was cancelled, and setting it is then ignored", "[promise][F9][F5]") {
    Tracks tracks;
    {
        Promise<Tracked> promise;
        const Future<Tracked> future = promise.future();
        CHECK_FALSE(promise.stop_requested());
        CHECK(future.cancel());
        CHECK(promise.stop_requested());
        CHECK_NOTHROW(promise.set_value(Tracked(tracks, 1)));
        CHECK(tracks.alive() == 0);  // nobody will ever ask for it
        CHECK(future.cancelled());
        CHECK_THROWS_AS(future.result(), concur::CancelledError);
        // It has been set now, though in vain.
        CHECK_THROWS_AS(promise.set_value(Tracked(tracks, 2)), concur::PromiseAlreadySetError);
    }
    CHECK(tracks.alive() == 0);

    Promise<void> failing;
    CHECK(failing.future().cancel());
    CHECK_NOTHROW(failing.set_exception(std::runtime_error("late")));
    CHECK_THROWS_AS(failing.future().result(), concur::CancelledError);

    Future<int> cancelled_and_broken;
    {
        Promise<int> promise;
        cancelled_and_broken = promise.future();
        cancelled_and_broken.cancel();
    }
    CHECK(cancelled_and_broken.cancelled());
}

TEST_CASE("a thread that produces a value sees the cancel of another one", "[promise][F9][F5]") {
    Promise<int> promise;
    const Future<int> future = promise.future();
    std::jthread producing([&] {
        while (!promise.stop_requested()) std::this_thread::yield();
        promise.set_value(1);
    });
    CHECK(future.cancel());
    producing.join();
    CHECK(future.cancelled());
}

TEST_CASE("an exception object that cannot be copied into the promise leaves it unset", "[promise][F9]") {
    struct Stubborn {
        Stubborn() = default;
        Stubborn(const Stubborn&) { throw concur::test::ValueRefused(); }
    };
    Promise<int> promise;
    const Stubborn stubborn;
    CHECK_THROWS_AS(promise.set_exception(stubborn), concur::test::ValueRefused);
    CHECK_FALSE(promise.future().done());
    promise.set_value(1);
    CHECK(promise.future().result() == 1);
}

TEST_CASE("a value that cannot be copied into the promise leaves it unset", "[promise][F9]") {
    Promise<concur::test::ThrowsOnCopy> promise;
    const auto future = promise.future();
    const concur::test::ThrowsOnCopy value(1);
    CHECK_THROWS_AS(promise.set_value(value), concur::test::ValueRefused);
    CHECK_FALSE(future.done());
    promise.set_value(concur::test::ThrowsOnCopy(2));
    CHECK(future.result().value == 2);

    Future<concur::test::ThrowsOnMove> broken;
    {
        Promise<concur::test::ThrowsOnMove> unmovable;
        broken = unmovable.future();
        CHECK_THROWS_AS(unmovable.set_value(concur::test::ThrowsOnMove(1)), concur::test::ValueRefused);
    }
    CHECK_THROWS_AS(broken.result(), concur::BrokenPromiseError);
    Promise<concur::test::ThrowsOnMove> in_place;
    in_place.set_value(5);
    const auto kept = in_place.future();
    CHECK(kept.result().value == 5);
    CHECK_THROWS_AS(in_place.future().result(), concur::test::ValueRefused);
}

TEST_CASE("ready and failed make futures that are done", "[promise][F9]") {
    CHECK(concur::ready(7).done());
    CHECK(concur::ready(7).result() == 7);
    CHECK(concur::ready().done());
    CHECK_NOTHROW(concur::ready().result());
    const std::string text = "text";
    STATIC_REQUIRE(std::is_same_v<decltype(concur::ready(text)), Future<std::string>>);
    STATIC_REQUIRE(std::is_same_v<decltype(concur::ready("text")), Future<const char*>>);
    CHECK(concur::ready(text).result() == "text");
    CHECK(concur::ready(MoveOnly(3)).result().value() == 3);
    CHECK(concur::ready(concur::ready(8)).result().result() == 8);

    CHECK(concur::failed<int>(std::range_error("range")).done());
    CHECK_THROWS_AS(concur::failed<int>(std::range_error("range")).result(), std::range_error);
    CHECK_THROWS_AS(concur::failed<void>(std::make_exception_ptr(1)).result(), int);
    CHECK_THROWS_AS(concur::failed<MoveOnly>(std::range_error("range")).result(), std::range_error);
}

TEST_CASE("a value whose copy throws makes ready throw and leaks nothing", "[promise][F9]") {
    const concur::test::ThrowsOnCopy value(1);
    CHECK_THROWS_AS(concur::ready(value), concur::test::ValueRefused);
    CHECK_THROWS_AS(concur::ready(concur::test::ThrowsOnMove(1)), concur::test::ValueRefused);
}

TEST_CASE("a value lives once, and goes with the last of promise and futures", "[promise][F9]") {
    Tracks tracks;
    auto promise = std::make_unique<Promise<Tracked>>();
    Future<Tracked> future = promise->future();
    promise->set_value(Tracked(tracks, 4));
    CHECK(tracks.alive() == 1);
    CHECK(tracks.copies == 0);
    promise.reset();
    CHECK(tracks.alive() == 1);
    CHECK(future.result().value == 4);
    future = {};
    CHECK(tracks.alive() == 0);
}

TEST_CASE("an over-aligned value is placed as it wants to be", "[promise]") {
    struct alignas(256) Wide {
        int value = 0;
    };
    Promise<Wide> promise;
    promise.set_value(Wide{3});
    const Future<Wide> future = promise.future();
    const Wide& wide = future.result();
    CHECK(reinterpret_cast<std::uintptr_t>(&wide) % 256 == 0);
    CHECK(wide.value == 3);
}

TEST_CASE("of two threads that set a promise at once one succeeds and the other is told", "[promise][F9][race]") {
    constexpr int rounds = 2000;
    Promise<std::string> promise;
    std::atomic<int> set{0};
    std::atomic<int> refused{0};
    int wrong = 0;
    const auto attempt = [&](auto f) {
        try {
            f();
            ++set;
        } catch (const concur::PromiseAlreadySetError&) {
            ++refused;
        }
    };
    concur::test::race(
        rounds,
        [&](int) {
            promise = Promise<std::string>();
            set = refused = 0;
        },
        [&](int) {
            const auto outcome = promise.future().outcome();
            if (set != 1 || refused != 1 || (outcome && outcome.value() != "value")) ++wrong;
        },
        [&](int) { attempt([&] { promise.set_value("value"); }); },
        [&](int) { attempt([&] { promise.set_exception(std::runtime_error("error")); }); });
    CHECK(wrong == 0);
}

TEST_CASE("cancel and set_value at the same time agree on one outcome", "[promise][F5][F9][race]") {
    constexpr int rounds = 3000;
    Tracks tracks;
    Promise<Tracked> promise;
    Future<Tracked> future;
    bool withdrawn = false;
    int wrong = 0;
    concur::test::race(
        rounds,
        [&](int) {
            promise = Promise<Tracked>();
            future = promise.future();
        },
        [&](int round) {
            const bool value = !future.exception() && future.result().value == round;
            if (withdrawn == value || withdrawn != future.cancelled() || withdrawn == !promise.future().cancelled())
                ++wrong;
        },
        [&](int round) { promise.set_value(Tracked(tracks, round)); }, [&](int) { withdrawn = future.cancel(); });
    future = {};
    promise = Promise<Tracked>();
    CHECK(wrong == 0);
    CHECK(tracks.alive() == 0);
}

TEST_CASE("a promise may go as soon as its future is done, while set_value still returns", "[promise][F9][race]") {
    constexpr int rounds = 2000;
    std::unique_ptr<Promise<int>> promise;
    Promise<int>* setting = nullptr;
    int wrong = 0;
    concur::test::race(
        rounds,
        [&](int) {
            promise = std::make_unique<Promise<int>>();
            setting = promise.get();
        },
        [](int) {}, [&](int round) { setting->set_value(round); },
        [&](int round) {
            const Future<int> future = promise->future();
            if (future.result() != round) ++wrong;
            promise.reset();
        });
    CHECK(wrong == 0);
}

TEST_CASE("a broken promise nobody asked about is reported like any failure", "[promise][F9][W18]") {
    const FailureLog log;
    { const Promise<int> never_asked; }
    {
        Promise<int> promise;
        static_cast<void>(promise.future());
    }
    {
        Promise<int> promise;
        const auto future = promise.future();
        future.cancel();  // whoever cancels knows
    }
    CHECK(log.failures().size() >= 1);  // nobody ever had a future of the first one: that may be told or not
    CHECK(log.failures().size() <= 2);
    for (const std::string& failure : log.failures()) CHECK(failure.find("promise") != std::string::npos);
}
