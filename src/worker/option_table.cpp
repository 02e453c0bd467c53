#include "worker/option_table.hpp"

#include <fmt/format.h>

#include <climits>
#include <cmath>
#include <tuple>

#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"
#include "concur/pool/load_balancing.hpp"
#include "concur/worker/option_name.hpp"

namespace concur::detail {
namespace {

// ---- lists of names

template <class Enum>
constexpr bool has_text_form(Enum) {
    return true;
}
constexpr bool has_text_form(Backoff::Curve curve) { return curve < Backoff::Curve::range; }

template <class Enum>
consteval StaticName<200> list_names() {
    StaticName<200> list;
    const auto append = [&list](std::string_view text) {
        for (const char letter : text) list.text[list.size++] = letter;
    };
    append("known:");
    for (const EnumName<Enum>& each : enum_names<Enum>) {
        if (each.name != name_of_value(each.value) || !has_text_form(each.value)) continue;
        append(list.size > 6 ? ", " : " ");
        append(each.name);
    }
    return list;
}
template <class Enum>
constexpr StaticName<200> known_names = list_names<Enum>();

// ---- reading: what is wrong with the text, or nothing

template <class Enum>
    requires std::is_enum_v<Enum> std::string read_value(const GivenText& given, Enum& value) {
        if (read_name(given.text, value)) return {};
        return fmt::format("unknown {}; {}", given.shown(), known_names<Enum>.view());
    }

template <class Value>
std::string read_number(const GivenText& given, Value& value, std::string_view kind) {
    switch (read_text(given.text, value)) {
        case Reading::good:
            return {};
        case Reading::out_of_range:
            return fmt::format("{} is too large or too small", given.shown());
        case Reading::not_one:
            break;
    }
    return fmt::format("{} is not {}", given.shown(), kind);
}

std::string read_value(const GivenText& given, std::int64_t& value) {
    return read_number(given, value, "a whole number");
}
std::string read_value(const GivenText& given, double& value) { return read_number(given, value, "a number"); }
std::string read_value(const GivenText& given, bool& value) { return read_number(given, value, "true or false"); }
std::string read_value(const GivenText& given, Duration& value) {
    return read_number(given, value, "a time; write seconds, or a unit as in \"250ms\": ns, us, ms, s, min, h");
}

std::string read_value(const GivenText& given, int& value) {
    std::int64_t wide = unlimited;
    if (given.text != "unlimited") {
        std::string problem = read_value(given, wide);
        if (!problem.empty()) return problem;
    }
    if (wide < INT_MIN || wide > INT_MAX) return fmt::format("{} is too large or too small", given.shown());
    value = static_cast<int>(wide);
    return {};
}

std::string read_value(const GivenText& given, Name& value) {
    if (!given.is_string) return fmt::format("{} is not a text", given.shown());
    value = given.text;
    return {};
}

std::string read_value(const GivenText& given, Backoff& value) {
    Backoff::Curve curve{};
    std::string problem = read_value(given, curve);
    if (!problem.empty()) return problem;
    if (!has_text_form(curve)) {
        return fmt::format("{} needs its {}, which a text cannot give; set it in code, Backoff::{}(...)", given.shown(),
                           curve == Backoff::Curve::custom ? "function" : "times", name_of_value(curve));
    }
    value = Backoff(curve);
    return {};
}

std::string read_value(const GivenText& given, Jitter& value) {
    double share = 0;
    if (read_text(given.text, share) == Reading::good) {
        value = share;
        return {};
    }
    for (const Jitter& named : {Jitter::none, Jitter::full, Jitter::equal}) {
        if (!equal_in_any_case(given.text, to_string(named))) continue;
        value = named;
        return {};
    }
    return fmt::format("unknown {}; a number from 0 to 1, or none, full, equal", given.shown());
}

// ---- printing

template <class Enum>
    requires std::is_enum_v<Enum> std::string print_value(Enum value) {
        const std::string_view name = name_of_value(value);
        return name.empty() ? fmt::format("{}", static_cast<int>(value)) : std::string(name);
    }
std::string print_value(Mode value) {
    return value == Mode::dynamic ? std::string(to_string(value)) : print_value<Mode>(value);
}
std::string print_value(std::int64_t value) { return fmt::format("{}", value); }
std::string print_value(int value) { return fmt::format("{}", value); }
std::string print_value(bool value) { return fmt::format("{}", value); }
std::string print_value(double value) { return text_of(value); }
std::string print_value(Duration value) { return text_of(value); }
std::string print_value(const Backoff& value) { return to_string(value); }
std::string print_value(const Jitter& value) { return value.is_sound() ? to_string(value) : text_of(value.share()); }
std::string print_value(const Name& value) {
    return value.too_long() ? fmt::format("\"{}...\"", value.view()) : fmt::format("\"{}\"", value.view());
}

// ---- the rows

/// An option whose member the compiler knows: what is done with all options at once needs no call for each.
template <auto member_, auto is_allowed_>
struct Row {
    static constexpr auto member = member_;
    static constexpr auto is_allowed = is_allowed_;
    Option option;
};

template <auto member, auto is_allowed>
constexpr Row<member, is_allowed> option(std::string_view allowed) {
    return {{
        .name = option_name<member>,
        .allowed = allowed,
        .is_set = [](const Settings& settings) { return (settings.*member).has_value(); },
        .clear = [](Settings& settings) { (settings.*member).reset(); },
        .copy = [](Settings& to, const Settings& from) { to.*member = from.*member; },
        .is_allowed = [](const Settings& settings) { return static_cast<bool>(is_allowed(*(settings.*member))); },
        .read =
            [](Settings& settings, const GivenText& given) {
                OptionValue<member> value{};
                std::string problem = read_value(given, value);
                if (problem.empty()) settings.*member = value;
                return problem;
            },
        .print = [](const Settings& settings) { return print_value(*(settings.*member)); },
    }};
}

template <int least>
constexpr auto at_least = [](std::int64_t value) { return value >= least; };
constexpr auto zero_or_more = [](Duration value) { return !value.is_nan() && value >= Duration(); };
constexpr auto more_than_zero = [](Duration value) { return !value.is_nan() && value > Duration(); };
constexpr auto sound = [](const auto& value) { return value.is_sound(); };
constexpr auto anything = [](auto) { return true; };
// Some schedulers count in whole devices above one: Ray does.
constexpr auto device_share = [](double value) {
    return std::isfinite(value) && value >= 0 && (value <= 1 || value == std::floor(value));
};

template <auto member>
constexpr auto flag() {
    return option<member, anything>("true or false");
}
template <auto member>
constexpr auto choice() {
    return option<member, [](auto value) { return !name_of_value(value).empty(); }>(
        known_names<OptionValue<member>>.view());
}

constexpr std::string_view some = "1 or more";
constexpr std::string_view some_or_unlimited = "1 or more, or concur::unlimited";
constexpr std::string_view none_or_unlimited = "0 or more, or concur::unlimited";
constexpr std::string_view none_or_more = "0 or more";
constexpr std::string_view time_above_zero = "more than 0";
constexpr std::string_view whole_devices = "0 or more, a whole number above 1";

using S = Settings;
constexpr std::tuple rows = {
    choice<&S::mode>(),
    option<&S::name, [](const Name& name) { return !name.too_long() && !name.view().empty(); }>("1 to 63 bytes"),
    option<&S::max_workers, at_least<1>>(some),
    flag<&S::on_demand>(),
    option<&S::min_workers, at_least<1>>(some),
    option<&S::idle_timeout, more_than_zero>(time_above_zero),
    choice<&S::load_balancing>(),
    option<&S::max_queued_tasks, at_least<1>>(some_or_unlimited),
    choice<&S::when_full>(),
    option<&S::max_concurrent_calls, at_least<1>>(some_or_unlimited),
    option<&S::num_retries, at_least<0>>(none_or_unlimited),
    option<&S::retry_algorithm, sound>("times of 0 or more; of a range first the smaller one, of a sequence 1 to 16"),
    option<&S::retry_wait, zero_or_more>(none_or_more),
    option<&S::retry_min_wait, zero_or_more>(none_or_more),
    option<&S::retry_max_wait, zero_or_more>(none_or_more),
    option<&S::retry_jitter, sound>("a number from 0 to 1, or none, full, equal"),
    option<&S::retry_after_max, zero_or_more>(none_or_more),
    option<&S::retry_abandoned, at_least<0>>(none_or_unlimited),
    choice<&S::retry_order>(),
    option<&S::history, at_least<0>>(none_or_more),
    option<&S::call_timeout, more_than_zero>(time_above_zero),
    option<&S::attempt_timeout, more_than_zero>(time_above_zero),
    flag<&S::attempt_timeout_hard>(),
    option<&S::init_timeout, more_than_zero>(time_above_zero),
    option<&S::stop_timeout, more_than_zero>(time_above_zero),
    option<&S::kill_timeout, more_than_zero>(time_above_zero),
    choice<&S::start_method>(),
    option<&S::max_restarts, at_least<0>>(none_or_unlimited),
    option<&S::max_restarts_within, more_than_zero>(time_above_zero),
    choice<&S::on_restart>(),
    option<&S::max_message, at_least<4096>>("4096 bytes or more"),
    option<&S::num_cpus, device_share>(whole_devices),
    option<&S::num_gpus, device_share>(whole_devices),
};
constexpr std::array<Option, option_count> table =
    std::apply([](const auto&... row) { return std::array{row.option...}; }, rows);

template <class Row>
void take_one(Settings& to, const Settings& from) {
    if (!(to.*Row::member)) to.*Row::member = from.*Row::member;
}
template <class Row>
bool is_one_allowed(const Settings& settings) {
    return !(settings.*Row::member) || Row::is_allowed(*(settings.*Row::member));
}

}  // namespace

std::string GivenText::shown() const {
    std::string in_quotes = quoted(text);
    return is_string ? in_quotes : in_quotes.substr(1, in_quotes.size() - 2);
}

const std::array<Option, option_count>& option_table() noexcept { return table; }

void take_layer(Settings& settings, const Settings& weaker) noexcept {
    std::apply([&]<class... Row>(const Row&...) { (take_one<Row>(settings, weaker), ...); }, rows);
}

const Option* find_not_allowed(const Settings& settings) noexcept {
    const Option* found = nullptr;
    std::apply(
        [&]<class... Row>(const Row&... row) {
            static_cast<void>(
                ((is_one_allowed<Row>(settings) || (found = find_option(row.option.name), false)) && ...));
        },
        rows);
    return found;
}

const Option* find_option(std::string_view name) noexcept {
    for (const Option& option : table)
        if (option.name == name) return &option;
    return nullptr;
}

void refuse(const Option& option, const Settings& settings, std::string_view allowed) {
    throw ConfigError(std::string(option.name), fmt::format("{} is not allowed; {}", option.print(settings), allowed));
}

}  // namespace concur::detail
