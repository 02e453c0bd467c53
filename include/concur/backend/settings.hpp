/// The values of all options, as data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "concur/backend/process_options.hpp"
#include "concur/call/when_full.hpp"
#include "concur/core/duration.hpp"
#include "concur/core/mode.hpp"
#include "concur/retry/backoff.hpp"
#include "concur/retry/jitter.hpp"
#include "concur/retry/retry_order.hpp"

namespace concur {

/// Of pool/load_balancing.hpp, a room above this one.
enum class LoadBalancing : unsigned char;

/// The name of a worker: up to 63 bytes, held inline. A longer text is kept cut and refused by `init`.
class Name {
public:
    static constexpr std::size_t max_size = 63;

    constexpr Name() noexcept = default;
    constexpr Name(std::string_view text) noexcept : too_long_{text.size() > max_size} {
        size_ = static_cast<unsigned char>(too_long_ ? max_size : text.size());
        for (std::size_t i = 0; i < size_; ++i) text_[i] = text[i];
    }
    constexpr Name(const char* text) noexcept : Name(text ? std::string_view(text) : std::string_view()) {}
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

/// Values of options; what is not set is left to weaker layers. Of a running worker (`settings()`) all members that
/// have a default are set.
///
/// Members, setters of the builder and keys of `options_from_json` have the same names; what each means, its default
/// and what is allowed: docs/reference/options.md. Nothing is checked before `init`.
///
///     concur::set_defaults({.mode = concur::Mode::thread, .stop_timeout = 5s});
struct Settings {
    std::optional<Mode> mode{};
    std::optional<Name> name{};
    std::optional<int> max_workers{};
    std::optional<bool> on_demand{};
    std::optional<int> min_workers{};
    std::optional<Duration> idle_timeout{};
    std::optional<LoadBalancing> load_balancing{};
    std::optional<int> max_queued_tasks{};
    std::optional<WhenFull> when_full{};
    std::optional<int> max_concurrent_calls{};
    std::optional<int> num_retries{};
    std::optional<Backoff> retry_algorithm{};
    std::optional<Duration> retry_wait{};
    std::optional<Duration> retry_min_wait{};
    std::optional<Duration> retry_max_wait{};
    std::optional<Jitter> retry_jitter{};
    std::optional<Duration> retry_after_max{};
    std::optional<int> retry_abandoned{};
    std::optional<RetryOrder> retry_order{};
    std::optional<int> history{};
    std::optional<Duration> call_timeout{};
    std::optional<Duration> attempt_timeout{};
    std::optional<bool> attempt_timeout_hard{};
    std::optional<Duration> init_timeout{};
    std::optional<Duration> stop_timeout{};
    std::optional<Duration> kill_timeout{};
    std::optional<StartMethod> start_method{};
    std::optional<int> max_restarts{};
    std::optional<Duration> max_restarts_within{};
    std::optional<Queued> on_restart{};
    /// In bytes.
    std::optional<std::int64_t> max_message{};
    std::optional<double> num_cpus{};
    std::optional<double> num_gpus{};
};

static_assert(std::is_trivially_copyable_v<Settings>);

}  // namespace concur
