#include "worker/defaults.hpp"

#include <array>
#include <mutex>

#include "concur/core/errors.hpp"
#include "core/process_wide.hpp"
#include "worker/option_table.hpp"

namespace concur {
namespace {

constexpr std::size_t mode_count = static_cast<std::size_t>(Mode::dynamic);

struct Registry {
    Registry() = default;
    Registry(detail::InForkedChild, const Registry& parent) : of_all{parent.of_all}, of_mode{parent.of_mode} {}

    std::mutex mutex;
    Settings of_all;
    std::array<Settings, mode_count> of_mode;
};

Registry& registry() { return detail::ProcessWide<Registry>::get(); }

thread_local const ScopedDefaults* innermost = nullptr;

void add(Settings& to, Settings settings) {
    detail::take_layer(settings, to);
    to = settings;
}

}  // namespace

void set_defaults(const Settings& settings) {
    const std::lock_guard lock(registry().mutex);
    add(registry().of_all, settings);
}

void set_defaults(Mode mode, const Settings& settings) {
    const auto index = static_cast<std::size_t>(mode);
    if (index >= mode_count) throw ConfigError("mode", "defaults belong to a mode that exists, or to all of them");
    if (settings.mode)
        throw ConfigError("mode", "the defaults of a mode cannot name one; set it for all, without a mode");
    const std::lock_guard lock(registry().mutex);
    add(registry().of_mode[index], settings);
}

void reset_defaults() {
    const std::lock_guard lock(registry().mutex);
    registry().of_all = {};
    registry().of_mode = {};
}

ScopedDefaults::ScopedDefaults(const Settings& settings) noexcept : settings_{settings}, outer_{innermost} {
    innermost = this;
}

// Scopes end in reverse order. One that is kept in an optional, say, may not: then it takes those inside with it.
ScopedDefaults::~ScopedDefaults() {
    for (const ScopedDefaults* scope = innermost; scope; scope = scope->outer_)
        if (scope == this) innermost = outer_;
}

namespace detail {

Settings defaults_of_all() {
    const std::lock_guard lock(registry().mutex);
    return registry().of_all;
}

Settings defaults_of(Mode mode) {
    const std::lock_guard lock(registry().mutex);
    return registry().of_mode.at(static_cast<std::size_t>(mode));
}

const ScopedDefaults* innermost_scope() noexcept { return innermost; }

}  // namespace detail
}  // namespace concur
