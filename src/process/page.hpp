/// The page of memory that a process worker shares with its child: what must reach a busy child, and what is known of a
/// dead one.
///
/// One claim word for each call on the wire. Parent and child change it by compare-and-swap, so that exactly one of
/// them decides whether the call begins: docs/design/processes.md. The parent believes nothing of it but these words.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace concur::detail::process {

class Page {
public:
    static constexpr std::size_t slots = 1024;

    /// Throws std::system_error.
    Page();
    Page(Page&& other) noexcept : shared_{std::exchange(other.shared_, nullptr)} {}
    Page& operator=(Page other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~Page();

    // In the parent.

    /// The call goes out; the slot was free.
    void put(std::size_t slot, std::uint64_t call) noexcept;
    /// True if the call has not begun, and never will.
    [[nodiscard]] bool withdraw(std::size_t slot, std::uint64_t call) noexcept;
    /// Asks a call to stop, whether it has begun or not.
    void request_stop(std::size_t slot, std::uint64_t call) noexcept;
    /// All calls are to end soon.
    void request_stop_of_all() noexcept;
    /// Whether the child has begun the call.
    [[nodiscard]] bool has_begun(std::size_t slot, std::uint64_t call) const noexcept;

    // In the child.

    /// False if the call was withdrawn.
    [[nodiscard]] bool begin(std::size_t slot, std::uint64_t call) noexcept;
    [[nodiscard]] bool stop_is_requested(std::size_t slot, std::uint64_t call) const noexcept;
    [[nodiscard]] bool stop_of_all_is_requested() const noexcept;
    /// How often the parent has asked for something.
    [[nodiscard]] std::uint32_t requests() const noexcept;
    /// Sleeps until that number is no longer `seen`, or for `nanoseconds`; for ever if that is negative.
    void await_request(std::uint32_t seen, std::int64_t nanoseconds) const noexcept;
    /// Ends that sleep, from inside the child.
    void wake() noexcept;

private:
    // A word: the number of the call, and what has become of it.
    static constexpr std::uint64_t sent = 1;
    static constexpr std::uint64_t begun = 2;
    static constexpr std::uint64_t withdrawn = 3;
    static constexpr std::uint64_t state_mask = 3;
    static constexpr std::uint64_t stop_bit = 4;
    static constexpr int number_shift = 3;

    struct Shared {
        std::atomic<std::uint32_t> requests{0};
        std::atomic<std::uint32_t> stops_all{0};
        std::array<std::atomic<std::uint64_t>, slots> words{};
    };
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

    [[nodiscard]] static bool is_of(std::uint64_t word, std::uint64_t call) noexcept {
        return word >> number_shift == call;
    }
    [[nodiscard]] bool claim(std::size_t slot, std::uint64_t call, std::uint64_t state) noexcept;

    Shared* shared_;
};

}  // namespace concur::detail::process
