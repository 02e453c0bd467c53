/// The values of all options, as data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "concur/core/duration.hpp"
#include "concur/core/mode.hpp"

namespace concur {

/// The name of a worker: up to 63 bytes, held inline. A longer text is kept cut and refused by `init`.
class Name {
public:
    static constexpr std::size_t max_size = 63;

    constexpr Name() noexcept = default;
    constexpr Name(std::string_view text) noexcept : too_long_{text.size() > max_size} {
        size_ = static_cast<unsigned char>(too_long_ ? max_size : text.size());
        for (std::size_t i = 0; i < size_; ++i) text_[i] = text[i];
    }
    constexpr Name(const char* text) noexcept : Name(std::string_view(text)) {}
    Name(const std::string& text) noexcept : Name(std::string_view(text)) {}

    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text_, size_}; }
    constexpr operator std::string_view() const noexcept { return view(); }
    [[nodiscard]] constexpr bool too_long() const noexcept { return too_long_; }

    friend constexpr bool operator==(const Name& a, const Name& b) noexcept { return a.view() == b.view(); }

private:
    char text_[max_size] = {};
    unsigned char size_ = 0;
    bool too_long_ = false;
};

/// What a call does that meets a full queue: wait for a place, throw QueueFullError, or take the place of the call that
/// has waited longest.
enum class WhenFull : unsigned char { wait, reject, drop_oldest };

/// Values of options; what is not set is left to weaker layers. Of a running worker (`settings()`) all members that
/// have a default are set.
struct Settings {
    std::optional<Mode> mode;
    std::optional<Name> name;
    std::optional<int> max_workers;
    std::optional<int> max_queued_tasks;
    std::optional<int> num_retries;
    std::optional<Duration> init_timeout;
    std::optional<Duration> stop_timeout;
    std::optional<Duration> kill_timeout;
};

static_assert(std::is_trivially_copyable_v<Settings>);

}  // namespace concur
