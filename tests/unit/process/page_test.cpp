// The page that parent and child share. P3
#include "process/page.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "support/catch.hpp"

using namespace concur::detail::process;

TEST_CASE("a call is begun or withdrawn, never both [P3]") {
    Page page;
    page.put(3, 17);
    SECTION("begun") {
        CHECK_FALSE(page.has_begun(3, 17));
        CHECK(page.begin(3, 17));
        CHECK(page.has_begun(3, 17));
        CHECK_FALSE(page.withdraw(3, 17));
        CHECK_FALSE(page.begin(3, 17));
    }
    SECTION("withdrawn") {
        CHECK(page.withdraw(3, 17));
        CHECK_FALSE(page.begin(3, 17));
        CHECK_FALSE(page.withdraw(3, 17));
        CHECK_FALSE(page.has_begun(3, 17));
    }
    SECTION("another call has the slot by now") {
        page.put(3, 18);
        CHECK_FALSE(page.withdraw(3, 17));
        CHECK_FALSE(page.begin(3, 17));
        page.request_stop(3, 17);
        CHECK_FALSE(page.stop_is_requested(3, 18));
        CHECK(page.begin(3, 18));
    }
}

TEST_CASE("of two threads that claim a call exactly one gets it [P3]") {
    Page page;
    int begun = 0;
    for (std::uint64_t call = 1; call <= 2000; ++call) {
        page.put(0, call);
        std::atomic<int> ready{0};
        bool withdrawn = false;
        std::thread parent([&] {
            ++ready;
            while (ready != 2) {
            }
            withdrawn = page.withdraw(0, call);
        });
        ++ready;
        while (ready != 2) {
        }
        const bool mine = page.begin(0, call);
        parent.join();
        REQUIRE(mine != withdrawn);
        begun += mine;
    }
    INFO(begun << " begun");
}

TEST_CASE("a request to stop wakes a child, whether the call has begun or not [P3]") {
    Page page;
    page.put(1, 5);
    page.put(2, 6);
    REQUIRE(page.begin(2, 6));
    const pid_t child = ::fork();
    if (child == 0) {
        while (!page.stop_is_requested(1, 5) || !page.stop_is_requested(2, 6) || !page.stop_of_all_is_requested()) {
            const std::uint32_t seen = page.requests();
            if (page.stop_is_requested(1, 5) && page.stop_is_requested(2, 6) && page.stop_of_all_is_requested()) break;
            page.await_request(seen, -1);
        }
        ::_exit(page.begin(1, 5) && page.has_begun(2, 6) ? 0 : 1);
    }
    REQUIRE(child > 0);
    page.request_stop(1, 5);
    page.request_stop(2, 6);
    page.request_stop_of_all();
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(page.has_begun(1, 5));
}
