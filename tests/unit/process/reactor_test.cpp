// The thread that waits for sockets. P3
#include "process/reactor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "process/descriptor.hpp"
#include "process/launcher.hpp"
#include "support/catch.hpp"

using namespace concur::detail::process;

namespace {

/// Takes a byte each time.
class Counts final : public Listener {
public:
    void ready(int descriptor, std::uint32_t) noexcept override {
        char byte = 0;
        if (::read(descriptor, &byte, 1) == 1) ++count;
        if (removes_itself) Reactor::get().remove(descriptor);
    }
    bool reaches(int expected) const {
        for (int i = 0; i < 5000 && count < expected; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return count == expected;
    }

    std::atomic<int> count{0};
    std::atomic<bool> removes_itself{false};
};

class TellsOnItsOwn final : public ChildMain {
public:
    int run() noexcept override {
        const SocketPair pair = make_socket_pair();
        Counts counts;
        Reactor::get().add(pair.first.number(), EPOLLIN, counts);
        const bool heard = ::write(pair.second.number(), "x", 1) == 1 && counts.reaches(1);
        Reactor::get().remove(pair.first.number());
        return heard ? 0 : 1;
    }
    void was_forked() noexcept override {}
};

}  // namespace

TEST_CASE("a listener is told, and not after it was removed [P3]") {
    const SocketPair pair = make_socket_pair();
    Counts counts;
    Reactor::get().add(pair.first.number(), EPOLLIN, counts);
    REQUIRE(::write(pair.second.number(), "ab", 2) == 2);
    CHECK(counts.reaches(2));
    SECTION("by another thread") { Reactor::get().remove(pair.first.number()); }
    SECTION("by itself") {
        counts.removes_itself = true;
        REQUIRE(::write(pair.second.number(), "c", 1) == 1);
        CHECK(counts.reaches(3));
        Reactor::get().remove(pair.first.number());  // waits until it has returned
    }
    SECTION("it waits for nothing") {
        Reactor::get().modify(pair.first.number(), 0);
        REQUIRE(::write(pair.second.number(), "d", 1) == 1);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        CHECK(counts.count == 2);
        Reactor::get().modify(pair.first.number(), EPOLLIN);
        CHECK(counts.reaches(3));
        Reactor::get().remove(pair.first.number());
    }
    const int before = counts.count;
    REQUIRE(::write(pair.second.number(), "e", 1) == 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(counts.count == before);
}

TEST_CASE("removing a listener waits until it has returned [P3]") {
    for (int i = 0; i < 200; ++i) {
        const SocketPair pair = make_socket_pair();
        auto counts = std::make_unique<Counts>();
        Reactor::get().add(pair.first.number(), EPOLLIN, *counts);
        REQUIRE(::write(pair.second.number(), "abc", 3) == 3);
        Reactor::get().remove(pair.first.number());
        counts.reset();  // a sanitizer sees who still uses it
    }
}

TEST_CASE("a forked child has a reactor of its own [P3][P15]") {
    const SocketPair pair = make_socket_pair();
    Counts counts;
    Reactor::get().add(pair.first.number(), EPOLLIN, counts);
    TellsOnItsOwn main;
    Child child = launch(main);
    CHECK(child.await_end() == "exited with status 0");
    REQUIRE(::write(pair.second.number(), "x", 1) == 1);
    CHECK(counts.reaches(1));
    Reactor::get().remove(pair.first.number());
}
