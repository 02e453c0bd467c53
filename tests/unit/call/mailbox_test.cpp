// The queue in front of a worker, without a worker. docs/design/mailbox.md
#include "concur/call/mailbox.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "concur/call/host.hpp"
#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;
using detail::CallBase;
using detail::Mailbox;

namespace {

/// Lives longer than its calls.
class NoHost final : public detail::CallHost {
public:
    NoHost() : CallHost("none", detail::steady_clock(), nullptr) {}
    void add_ref() noexcept override {}
    void release() noexcept override {}

private:
    void enqueue(CallBase&) noexcept override {}
    void nothing_held() noexcept override {}
};

class NumberedCall final : public detail::ValueState<void, CallBase> {
public:
    NumberedCall(detail::CallHost& host, int n, std::atomic<int>* alive_count = nullptr)
        : ValueState(detail::Phase::queued, info, host), number{n}, alive{alive_count} {
        if (alive) ++*alive;
    }
    ~NumberedCall() override {
        if (alive) --*alive;
    }
    detail::StateBase* invoke(void*, CallContext&) override { return nullptr; }
    detail::StateBase* invoke_on(detail::StandIn&, CallContext&) override { return nullptr; }
    const void* argument(std::size_t, const std::type_info&) override { return nullptr; }
    std::size_t argument_count() const noexcept override { return 0; }
    void drop_arguments() noexcept override {}
    void drop_result() noexcept override {}

    const int number;

private:
    static constexpr detail::MethodInfo info{"numbered"};
    std::atomic<int>* alive;
};

/// Pushes a new call; true if it was taken.
bool push(Mailbox& mailbox, detail::CallHost& host, int number, std::atomic<int>* alive = nullptr) {
    auto* const call = new NumberedCall(host, number, alive);
    call->turn_handle_into_ref();
    if (mailbox.push(*call)) return true;
    call->release();
    return false;
}

/// The numbers of all calls, which are let go.
std::vector<int> take(Mailbox& mailbox) {
    std::vector<int> numbers;
    for (CallBase* call = mailbox.take_all(); call;) {
        CallBase* const next = Mailbox::next(*call);
        numbers.push_back(static_cast<NumberedCall*>(call)->number);
        call->release();
        call = next;
    }
    return numbers;
}

}  // namespace

TEST_CASE("calls come out of a mailbox in the order in which they went in", "[mailbox]") {
    NoHost host;
    Mailbox mailbox;
    CHECK_FALSE(mailbox.has_calls());
    CHECK(take(mailbox).empty());
    for (int i = 0; i < 5; ++i) CHECK(push(mailbox, host, i));
    CHECK(mailbox.has_calls());
    CHECK(take(mailbox) == std::vector{0, 1, 2, 3, 4});
    CHECK_FALSE(mailbox.has_calls());
    CHECK(push(mailbox, host, 5));
    CHECK(take(mailbox) == std::vector{5});
}

TEST_CASE("a closed mailbox takes nothing", "[mailbox]") {
    NoHost host;
    Mailbox mailbox;
    std::atomic<int> alive{0};
    CHECK(push(mailbox, host, 1, &alive));
    CHECK_FALSE(mailbox.close());  // there is a call
    CHECK(take(mailbox) == std::vector{1});
    CHECK(mailbox.close());
    CHECK_FALSE(push(mailbox, host, 2, &alive));
    CHECK_FALSE(mailbox.has_calls());
    CHECK(take(mailbox).empty());
    CHECK(alive == 0);
}

TEST_CASE("a sleeping consumer is woken by a call and by a nudge", "[mailbox]") {
    NoHost host;
    Mailbox mailbox;
    std::atomic<int> seen{0};
    std::atomic<int> nudges{0};
    std::atomic<bool> ended{false};
    std::jthread consumer([&] {
        while (!ended) {
            mailbox.sleep(detail::steady_clock());
            const auto numbers = take(mailbox);
            seen += static_cast<int>(numbers.size());
            if (numbers.empty()) ++nudges;
        }
    });
    for (int i = 0; i < 100; ++i) {
        CHECK(push(mailbox, host, i));
        REQUIRE(eventually([&] { return seen == i + 1; }));
        const int before = nudges;
        mailbox.nudge();
        REQUIRE(eventually([&] { return nudges > before; }));
    }
    ended = true;
    mailbox.nudge();
}

TEST_CASE("a nudge before the sleep is not lost", "[mailbox]") {
    Mailbox mailbox;
    mailbox.nudge();
    CHECK(mailbox.is_nudged());
    mailbox.sleep(detail::steady_clock());  // returns at once
    CHECK_FALSE(mailbox.is_nudged());
}

TEST_CASE("calls of many producers come out in the order of each, none lost", "[mailbox]") {
    NoHost host;
    Mailbox mailbox;
    std::atomic<int> alive{0};
    constexpr int producers = 3;
    constexpr int calls = 2000;
    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p)
        threads.emplace_back([&, p] {
            for (int i = 0; i < calls; ++i) push(mailbox, host, p * calls + i, &alive);
        });
    std::vector<int> next(producers);
    int out_of_order = 0;
    for (int taken = 0; taken < producers * calls;) {
        const auto numbers = take(mailbox);
        if (numbers.empty()) mailbox.sleep(detail::steady_clock());
        for (const int number : numbers)
            if (number % calls != next[static_cast<std::size_t>(number / calls)]++) ++out_of_order;
        taken += static_cast<int>(numbers.size());
    }
    threads.clear();
    CHECK(out_of_order == 0);
    CHECK(alive == 0);
    CHECK(mailbox.close());
}
