/// Options for workers to come: of the whole process, of one mode, of a scope.
///
/// `init` resolves each option by itself: what the builder was given is strongest, then the scopes of this thread from
/// the innermost out, then what was set for the worker's mode, then what was set for all modes, then the library's own
/// defaults. The mode itself is resolved first, in the same way. Workers that exist do not change.
#pragma once

#include "concur/backend/settings.hpp"

namespace concur {

/// Sets what `settings` has set, for all workers that are made from now on; what it leaves open stays as it was.
///
///     concur::set_defaults({.mode = concur::Mode::thread, .stop_timeout = 5s});
///
/// Values are checked by `init`. Any thread. A forked child begins with its parent's defaults.
void set_defaults(const Settings& settings);

/// The same for the workers of one mode; stronger than what is set for all. Throws ConfigError if `mode` is none, or if
/// `settings` name a mode themselves.
void set_defaults(Mode mode, const Settings& settings);

/// Forgets everything that `set_defaults` has set. Scopes are not concerned.
void reset_defaults();

/// Defaults for the workers that this thread makes, until the end of a scope. Scopes nest; inner ones are stronger.
///
///     concur::ScopedDefaults quick({.stop_timeout = 1s});
class [[nodiscard("the defaults hold while this object lives")]] ScopedDefaults {
public:
    explicit ScopedDefaults(const Settings& settings) noexcept;
    ScopedDefaults(const ScopedDefaults&) = delete;
    ScopedDefaults& operator=(const ScopedDefaults&) = delete;
    ~ScopedDefaults();

    // It belongs to a block of the thread that made it.
    static void* operator new(std::size_t) = delete;

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    /// The scope around this one; null if there is none.
    [[nodiscard]] const ScopedDefaults* outer() const noexcept { return outer_; }

private:
    Settings settings_;
    const ScopedDefaults* outer_;
};

}  // namespace concur
