#include <concur/asio.hpp>
#include <concur/concur.hpp>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "support/asio.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"

namespace net = boost::asio;

using concur::Acquisition;
using concur::Future;
using concur::LimitSet;
using concur::ResourceLimit;
using concur::test::eventually;
using concur::test::is_aborted;

namespace {

net::awaitable<void> take_turn(Future<Acquisition> acquired, int number, std::vector<int>& order,
                               std::optional<Acquisition>& held) {
    held = co_await acquired.async_result(concur::cancel_call);
    order.push_back(number);
}

/// Three coroutines that want the only permit.
struct Waiters {
    LimitSet limits{{ResourceLimit("slot", 1)}};
    std::vector<Future<Acquisition>> acquired;
    std::vector<int> order;
    std::array<std::optional<Acquisition>, 3> held;
    std::exception_ptr error_of_second;
    net::cancellation_signal signal_of_second;

    void start(net::io_context& io) {
        for (std::size_t i = 0; i < held.size(); ++i) {
            acquired.push_back(limits.async_acquire("slot"));
            auto turn = take_turn(acquired.back(), static_cast<int>(i), order, held[i]);
            if (i == 1)
                net::co_spawn(io, std::move(turn),
                              net::bind_cancellation_slot(signal_of_second.slot(), [this](std::exception_ptr error) {
                                  error_of_second = std::move(error);
                              }));
            else
                net::co_spawn(io, std::move(turn), net::detached);
        }
        io.poll();
        CHECK(order == std::vector{0});
    }
    /// Runs the loop until so many have had their turn: a thread of the library grants the permits.
    [[nodiscard]] bool run_until(net::io_context& io, std::size_t turns) {
        return eventually([&] {
            io.restart();
            io.poll();
            return order.size() == turns;
        });
    }
    [[nodiscard]] bool is_free() {
        return eventually([&] { return limits.try_acquire("slot").acquired(); });
    }
};

}  // namespace

TEST_CASE("coroutines wait for permits in the order in which they came", "[asio][A6]") {
    Waiters waiters;
    net::io_context io;
    waiters.start(io);
    waiters.held[0].reset();
    REQUIRE(waiters.run_until(io, 2));
    CHECK(waiters.order == std::vector{0, 1});
    CHECK(!waiters.acquired[2].done());
    waiters.held[1].reset();
    REQUIRE(waiters.run_until(io, 3));
    CHECK(waiters.order == std::vector{0, 1, 2});
    CHECK(!waiters.limits.try_acquire("slot").acquired());
    waiters.held[2].reset();
    CHECK(waiters.is_free());
}

TEST_CASE("a wait for a permit that is cancelled leaves none behind", "[asio][A6]") {
    Waiters waiters;
    net::io_context io;
    waiters.start(io);
    SECTION("while it waits") {
        waiters.signal_of_second.emit(net::cancellation_type::terminal);
        io.poll();
        CHECK(is_aborted(waiters.error_of_second));
        CHECK(waiters.acquired[1].cancelled());
        waiters.held[0].reset();
        REQUIRE(waiters.run_until(io, 2));
        CHECK(waiters.order == std::vector{0, 2});
    }
    SECTION("when the permit was granted, but perhaps not yet handed over") {
        waiters.held[0].reset();
        waiters.acquired[1].wait();
        waiters.signal_of_second.emit(net::cancellation_type::terminal);
        // Whichever comes to the loop first: the permit goes on to the next one.
        CHECK(eventually([&] {
            io.poll();
            waiters.held[1].reset();
            waiters.acquired[1] = {};
            return waiters.order.back() == 2;
        }));
    }
    waiters.held[2].reset();
    CHECK(waiters.is_free());
}

TEST_CASE("a loop that is destroyed leaves no permit behind", "[asio][A6][A7]") {
    Waiters waiters;
    {
        net::io_context io;
        waiters.start(io);
        waiters.held[0].reset();
        waiters.acquired[1].wait();  // and on its way through the loop, perhaps
    }
    CHECK(waiters.order == std::vector{0});
    waiters.acquired.clear();
    CHECK(waiters.is_free());
}
