// From what was set, where, to the settings of one worker.
#include "concur/worker/options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "worker/defaults.hpp"
#include "worker/option_table.hpp"
#include "worker/resolution.hpp"

namespace concur::detail {
namespace {

constexpr Settings library_defaults = {
    .mode = Mode::thread,
    .max_workers = 1,
    .on_demand = false,
    .idle_timeout = std::chrono::seconds(10),
    .load_balancing = LoadBalancing::round_robin,
    .when_full = WhenFull::wait,
    .num_retries = 0,
    .retry_algorithm = Backoff::exponential,
    .retry_wait = std::chrono::seconds(1),
    .retry_min_wait = Duration(),
    .retry_after_max = std::chrono::seconds(60),
    .retry_abandoned = 0,
    .retry_order = RetryOrder::keep,
    .history = 16,
    .attempt_timeout_hard = false,
    .init_timeout = std::chrono::seconds(30),
    .stop_timeout = std::chrono::seconds(30),
    .kill_timeout = std::chrono::seconds(5),
    .start_method = StartMethod::automatic,
    .max_restarts = 0,
    .max_restarts_within = std::chrono::seconds(60),
    .on_restart = Queued::move,
    .max_message = std::int64_t{1} << 30,
    .num_cpus = 1,
    .num_gpus = 0,
};

/// Something about settings that is wrong, and whose fault it is.
struct Fault {
    std::string_view option;
    bool (*is_there)(const Settings&);
    std::string_view allowed;
};

void check_values(const Settings& settings) {
    if (const Option* option = find_not_allowed(settings)) refuse(*option, settings, option->allowed);
}

// Options whose feature is not part of this version take no value that would need it. The feature's coming removes a
// row.
void check_availability(const Settings& settings) {
    constexpr Fault missing[] = {
        {"max_workers", [](const Settings& s) { return s.max_workers.value_or(1) > 1; }, "1"},
        {"on_demand", [](const Settings& s) { return s.on_demand.value_or(false); }, "false"},
        {"min_workers", [](const Settings& s) { return s.min_workers.has_value(); }, "leave it out"},
        {"max_queued_tasks", [](const Settings& s) { return s.max_queued_tasks.value_or(unlimited) != unlimited; },
         "concur::unlimited"},
    };
    for (const Fault& fault : missing) {
        if (!fault.is_there(settings)) continue;
        throw ConfigError(std::string(fault.option),
                          fmt::format("{} is not available in this version of concur; {}",
                                      find_option(fault.option)->print(settings), fault.allowed));
    }
}

/// The settings of one worker, and which of them its builder was given.
class Resolution {
public:
    Resolution(const OptionValues& values, std::string_view class_name, const Settings& of_kind = {})
        : values_{values}, class_name_{class_name}, of_kind_{of_kind}, settings_{values.settings} {}

    Settings resolve() {
        refuse_unreadable_text();
        take_defaults();
        check_values(settings_);
        check_promises();
        check_pairs();
        // For modes that do not exist yet init will say so itself.
        if (*settings_.mode != Mode::asio && *settings_.mode != Mode::ray) check_availability(settings_);
        return settings_;
    }

    /// For no worker: what was set, and the library's own defaults.
    Settings resolve_alone() {
        refuse_unreadable_text();
        take_library_defaults();
        check_values(settings_);
        check_pairs();
        return settings_;
    }

private:
    void refuse_unreadable_text() const {
        if (values_.unreadable.empty()) return;
        for (const Option& option : option_table())
            for (const OptionValues::Unreadable& text : values_.unreadable)
                if (text.option == option.name) throw ConfigError(std::string(option.name), text.problem);
    }

    /// Strongest layers first; what the builder was given is in settings_ already.
    void take_defaults() {
        const Settings of_all = defaults_of_all();
        for (const ScopedDefaults* scope = innermost_scope(); scope; scope = scope->outer())
            take_layer(settings_, scope->settings());
        const Mode mode = settings_.mode.value_or(of_all.mode.value_or(*library_defaults.mode));
        if (!name_of_value(mode).empty()) take_layer(settings_, defaults_of(mode));
        take_layer(settings_, of_all);
        take_layer(settings_, of_kind_);
        take_library_defaults();
    }

    void take_library_defaults() {
        take_layer(settings_, library_defaults);
        if (!settings_.name) settings_.name = class_name_.substr(0, Name::max_size);
        if (!settings_.retry_jitter) {
            settings_.retry_jitter = settings_.retry_algorithm->is_meant_exactly() ? Jitter::none : Jitter::full;
        }
    }

    void check_promises();
    void check_pairs() const;

    const OptionValues& values_;
    std::string_view class_name_;
    const Settings of_kind_;
    Settings settings_;
};

// Safety and isolation that a mode cannot give. Who asks for it is refused; a default that is meant for other modes
// gives way.
constexpr Fault broken_promises[] = {
    {"max_workers", [](const Settings& s) { return *s.mode == Mode::sync && *s.max_workers > 1; },
     "1 in sync mode, where calls run in their caller"},
    {"on_demand", [](const Settings& s) { return *s.mode == Mode::sync && *s.on_demand; },
     "false in sync mode, where calls run in their caller"},
    {"min_workers", [](const Settings& s) { return *s.mode == Mode::sync && s.min_workers.value_or(1) > 1; },
     "1 in sync mode, where calls run in their caller"},
    {"attempt_timeout_hard",
     [](const Settings& s) { return *s.attempt_timeout_hard && *s.mode != Mode::process && *s.mode != Mode::ray; },
     "false in a mode that cannot kill an attempt: only process and ray can"},
};

void Resolution::check_promises() {
    for (const Fault& fault : broken_promises) {
        if (!fault.is_there(settings_)) continue;
        const Option& option = *find_option(fault.option);
        if (option.is_set(values_.settings)) refuse(option, settings_, fault.allowed);
        option.clear(settings_);
        take_library_defaults();
    }
}

struct Pair {
    std::string_view smaller;
    std::string_view larger;
    bool (*contradict)(const Settings&);
};

void Resolution::check_pairs() const {
    constexpr Pair pairs[] = {
        {"min_workers", "max_workers",
         [](const Settings& s) { return s.min_workers && *s.min_workers > *s.max_workers; }},
        {"retry_min_wait", "retry_max_wait",
         [](const Settings& s) { return s.retry_max_wait && *s.retry_min_wait > *s.retry_max_wait; }},
    };
    for (const Pair& pair : pairs) {
        if (!pair.contradict(settings_)) continue;
        refuse(*find_option(pair.smaller), settings_,
               fmt::format("at most {}, which is {}", pair.larger, find_option(pair.larger)->print(settings_)));
    }
}

void check_clock(const BuilderState& builder, Mode mode) {
    if (builder.clock.is_manual() && (mode == Mode::process || mode == Mode::ray))
        throw ConfigError("clock",
                          fmt::format("a ManualClock in {} mode is not allowed; it drives what runs in this process: "
                                      "sync, thread or asio mode",
                                      mode));
}

/// Limits that were given as values become a set of this worker's own.
std::unique_ptr<const LimitPool> limits_of(const BuilderState& builder) {
    const GivenLimits* const given = builder.limits.get();
    if (!given) return nullptr;
    if (given->shared) return std::make_unique<const LimitPool>(*given->shared);
    return std::make_unique<const LimitPool>(LimitSet(given->own, {.clock = builder.clock}));
}

}  // namespace

BuilderState::BuilderState() noexcept = default;
BuilderState::BuilderState(const BuilderState&) = default;
BuilderState::BuilderState(BuilderState&&) noexcept = default;
BuilderState& BuilderState::operator=(const BuilderState&) = default;
BuilderState& BuilderState::operator=(BuilderState&&) noexcept = default;
BuilderState::~BuilderState() = default;

OptionValues::OptionValues() noexcept = default;
OptionValues::OptionValues(const OptionValues&) = default;
OptionValues::OptionValues(OptionValues&&) noexcept = default;
OptionValues& OptionValues::operator=(const OptionValues&) = default;
OptionValues& OptionValues::operator=(OptionValues&&) noexcept = default;
OptionValues::~OptionValues() = default;

void OptionValues::set_text(std::string_view option, std::string_view text) {
    forget_text(option);
    std::string problem = find_option(option)->read(settings, {text});
    if (!problem.empty()) unreadable.push_back({option, std::move(problem)});
}

void OptionValues::forget_text(std::string_view option) noexcept {
    std::erase_if(unreadable, [option](const Unreadable& text) { return text.option == option; });
}

void OptionValues::take(const OptionValues& later) {
    for (const Option& option : option_table()) {
        if (!option.is_set(later.settings)) continue;
        option.copy(settings, later.settings);
        forget_text(option.name);
    }
    for (const Unreadable& text : later.unreadable) {
        forget_text(text.option);
        unreadable.push_back(text);
    }
}

Settings resolve_values(const OptionValues& values) { return Resolution(values, "policy").resolve_alone(); }

MethodState& BuilderState::of_method(const std::shared_ptr<const NamedMethod>& method) {
    for (MethodState& state : methods)
        if (&state.method->info() == &method->info()) return state;
    return methods.emplace_back(MethodState{method, {}, {}, {}});
}

namespace {

CallPolicy policy_from(const Settings& settings, const RetryFunctions& functions) {
    return {retry_rules(settings, functions), *settings.retry_order};
}

/// What is set for a method lies over what is set for its worker, and under both are the defaults.
CallPolicy policy_of_method(const BuilderState& builder, const MethodState& method, std::string_view class_name,
                            const Settings& of_kind) {
    OptionValues values = builder;
    values.take(method.values);
    RetryFunctions functions = builder.functions;
    functions.take(method.functions);
    return policy_from(Resolution(values, class_name, of_kind).resolve(), functions);
}

}  // namespace

WorkerConfig resolve(const BuilderState& builder, std::string_view class_name, const Settings& of_kind) {
    const Settings settings = Resolution(builder, class_name, of_kind).resolve();
    check_clock(builder, *settings.mode);
    if (builder.loop && settings.mode != Mode::asio)
        throw ConfigError("executor", fmt::format("an executor in {} mode is not allowed; it is where asio workers run",
                                                  *settings.mode));
    std::unique_ptr<const LimitPool> limits = limits_of(builder);
    CallPolicy of_worker = policy_from(settings, builder.functions);
    std::vector<CallPolicies::OfMethod> of_methods;
    for (const MethodState& method : builder.methods) {
        CallPolicy policy = policy_of_method(builder, method, class_name, of_kind);
        if (limits) policy.limits = method.limits;
        of_methods.push_back({method.method, std::move(policy)});
    }
    if (limits) {
        of_worker.counted_calls = limits->counted_calls();
        for (CallPolicies::OfMethod& of : of_methods) of.policy.counted_calls = of_worker.counted_calls;
    }
    return {settings,
            builder.observer,
            builder.clock,
            builder.instruments,
            std::make_shared<const CallPolicies>(std::move(of_worker), std::move(of_methods)),
            std::move(limits),
            builder.loop};
}

void check_settings(const Settings& settings) {
    check_values(settings);
    check_availability(settings);
}

}  // namespace concur::detail
