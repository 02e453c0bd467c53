// Values that tell what was done to them.
#pragma once

#include <atomic>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace concur::test {

/// What happened to all values that share it. Read by the test, written by any thread.
struct Tracks {
    std::atomic<int> made{0};
    std::atomic<int> copies{0};
    std::atomic<int> moves{0};
    std::atomic<int> destroyed{0};

    /// How many objects exist now.
    [[nodiscard]] int alive() const { return made + copies + moves - destroyed; }
};

/// A copyable value. A moved-from one holds -1.
class Tracked {
public:
    Tracked(Tracks& tracks, int number) : value{number}, tracks_{&tracks} { ++tracks_->made; }
    Tracked(const Tracked& other) : value{other.value}, tracks_{other.tracks_} { ++tracks_->copies; }
    Tracked(Tracked&& other) noexcept : value{std::exchange(other.value, -1)}, tracks_{other.tracks_} {
        ++tracks_->moves;
    }
    Tracked& operator=(const Tracked&) = default;
    Tracked& operator=(Tracked&& other) noexcept {
        value = std::exchange(other.value, -1);
        return *this;
    }
    ~Tracked() { ++tracks_->destroyed; }

    int value;

private:
    Tracks* tracks_;
};

/// Can be moved, cannot be copied, and has no default constructor.
class MoveOnly {
public:
    explicit MoveOnly(int value) : value_{std::make_unique<int>(value)} {}

    [[nodiscard]] bool empty() const { return !value_; }
    [[nodiscard]] int value() const { return *value_; }

private:
    std::unique_ptr<int> value_;
};

/// What `ThrowsOnCopy` and `ThrowsOnMove` throw.
class ValueRefused : public std::runtime_error {
public:
    ValueRefused() : std::runtime_error("this value does not like to be copied") {}
};

/// Throws ValueRefused when it is copied; may be moved.
class ThrowsOnCopy {
public:
    explicit ThrowsOnCopy(int number) : value{number} {}
    ThrowsOnCopy(const ThrowsOnCopy&) : value{0} { throw ValueRefused(); }
    ThrowsOnCopy(ThrowsOnCopy&&) noexcept = default;
    ThrowsOnCopy& operator=(const ThrowsOnCopy&) = default;
    ThrowsOnCopy& operator=(ThrowsOnCopy&&) noexcept = default;

    int value;
};

/// Throws ValueRefused when it is moved, and when it is copied.
class ThrowsOnMove {
public:
    explicit ThrowsOnMove(int number) : value{number} {}
    ThrowsOnMove(const ThrowsOnMove&) : value{0} { throw ValueRefused(); }
    ThrowsOnMove(ThrowsOnMove&&) : value{0} { throw ValueRefused(); }  // NOLINT(performance-noexcept-move-constructor)

    int value;
};

}  // namespace concur::test
