#include "concur/worker/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace concur::detail {
namespace {

struct ModeName {
    std::string_view name;
    Mode mode;
};
constexpr ModeName mode_names[] = {
    {"sync", Mode::sync},       {"thread", Mode::thread},     {"threads", Mode::thread},
    {"process", Mode::process}, {"processes", Mode::process}, {"asio", Mode::asio},
    {"asyncio", Mode::asio},    {"async", Mode::asio},        {"ray", Mode::ray},
};
constexpr std::string_view known_modes = "known: sync, thread, process, asio, ray";

bool equal_in_any_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == y; });
}

std::string text_of(Duration value) {
    if (value.is_nan()) return "not a number";
    if (value == never) return "never";
    return fmt::format("{} s", static_cast<double>(value.count()) / 1e9);
}

[[noreturn]] void refuse(std::string_view option, const std::string& value, std::string_view allowed) {
    throw ConfigError(std::string(option), fmt::format("{} is not allowed; {}", value, allowed));
}

// Options whose feature is not part of this version take no value that would need it.
[[noreturn]] void refuse_for_now(std::string_view option, const std::string& value, std::string_view allowed) {
    throw ConfigError(std::string(option),
                      fmt::format("{} is not available in this version of concur; {}", value, allowed));
}

void check_mode(const BuilderState& builder, const Settings& settings) {
    if (builder.unknown_mode)
        throw ConfigError("mode", fmt::format("unknown \"{}\"; {}", *builder.unknown_mode, known_modes));
    if (*settings.mode > Mode::ray) refuse("mode", "dynamic", "a mode of its own; " + std::string(known_modes));
}

void check_name(const Settings& settings) {
    if (settings.name->too_long()) refuse("name", fmt::format("\"{}...\"", settings.name->view()), "at most 63 bytes");
    if (settings.name->view().empty()) refuse("name", "\"\"", "at least one character");
}

void check_counts(const Settings& settings) {
    if (*settings.max_workers < 1) refuse("max_workers", std::to_string(*settings.max_workers), "1 or more");
    if (*settings.max_workers > 1 && *settings.mode == Mode::sync)
        refuse("max_workers", std::to_string(*settings.max_workers), "1 in sync mode, where calls run in their caller");
    if (*settings.max_workers > 1) refuse_for_now("max_workers", std::to_string(*settings.max_workers), "1");
    if (settings.max_queued_tasks) {
        if (*settings.max_queued_tasks < 1)
            refuse("max_queued_tasks", std::to_string(*settings.max_queued_tasks), "1 or more, or concur::unlimited");
        if (*settings.max_queued_tasks != unlimited)
            refuse_for_now("max_queued_tasks", std::to_string(*settings.max_queued_tasks), "concur::unlimited");
    }
    if (*settings.num_retries < 0)
        refuse("num_retries", std::to_string(*settings.num_retries), "0 or more, or concur::unlimited");
    if (*settings.num_retries > 0) refuse_for_now("num_retries", std::to_string(*settings.num_retries), "0");
}

void check_clock(const BuilderState& builder, Mode mode) {
    if (builder.clock.is_manual() && (mode == Mode::process || mode == Mode::ray))
        refuse("clock", fmt::format("a ManualClock in {} mode", mode),
               "it drives what runs in this process: sync, thread or asio mode");
}

void check_time(std::string_view option, Duration value) {
    if (value.is_nan() || value <= Duration()) refuse(option, text_of(value), "more than 0");
}

}  // namespace

BuilderState::BuilderState() noexcept = default;
BuilderState::BuilderState(const BuilderState&) = default;
BuilderState::BuilderState(BuilderState&&) noexcept = default;
BuilderState& BuilderState::operator=(const BuilderState&) = default;
BuilderState& BuilderState::operator=(BuilderState&&) noexcept = default;
BuilderState::~BuilderState() = default;

void BuilderState::set_mode(std::string_view name) {
    for (const ModeName& known : mode_names) {
        if (!equal_in_any_case(name, known.name)) continue;
        settings.mode = known.mode;
        unknown_mode.reset();
        return;
    }
    unknown_mode = std::string(name);
}

WorkerConfig resolve(const BuilderState& builder, std::string_view class_name) {
    Settings settings = builder.settings;
    settings.mode = settings.mode.value_or(Mode::thread);
    settings.name = settings.name.value_or(Name(class_name.substr(0, Name::max_size)));
    settings.max_workers = settings.max_workers.value_or(1);
    settings.num_retries = settings.num_retries.value_or(0);
    settings.init_timeout = settings.init_timeout.value_or(std::chrono::seconds(30));
    settings.stop_timeout = settings.stop_timeout.value_or(std::chrono::seconds(30));
    settings.kill_timeout = settings.kill_timeout.value_or(std::chrono::seconds(5));

    check_mode(builder, settings);
    check_clock(builder, *settings.mode);
    check_name(settings);
    check_counts(settings);
    check_time("init_timeout", *settings.init_timeout);
    check_time("stop_timeout", *settings.stop_timeout);
    check_time("kill_timeout", *settings.kill_timeout);
    return {settings, builder.observer, builder.clock, builder.instruments};
}

}  // namespace concur::detail
