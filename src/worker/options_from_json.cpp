#include "concur/worker/options_from_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <numeric>
#include <utility>
#include <vector>

#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"
#include "worker/json_reader.hpp"
#include "worker/option_table.hpp"

namespace concur {
namespace {

using detail::Option;

struct Hint {
    std::string_view name;
    std::string_view text;
};

constexpr std::string_view in_code = "is set in code, on the builder: it holds more than a value";
constexpr Hint not_in_json[] = {
    {"blocking", "is not an option: it changes the type of the proxy; write options(...).blocking() in code"},
    {"elastic", "is spelled as its parts: min_workers, max_workers, idle_timeout"},
    {"limits", in_code},
    {"clock", in_code},
    {"executor", in_code},
    {"observer", in_code},
    {"retry_on", in_code},
    {"retry_until", in_code},
    {"retry_after", in_code},
    {"retry_budget", in_code},
    {"retry", in_code},
    {"inject", in_code},
    {"throws", in_code},
    {"method", in_code},
    {"resources", in_code},
};

/// How many letters must be added, left out or changed to make one word of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

/// Null if none is so near that it could be meant.
const Option* nearest_option(std::string_view key) {
    constexpr std::size_t longest = 64;
    if (key.size() > longest) return nullptr;
    const auto nearer = [key](const Option& a, const Option& b) {
        return distance(key, a.name) < distance(key, b.name);
    };
    const Option& nearest = *std::min_element(detail::option_table().begin(), detail::option_table().end(), nearer);
    return distance(key, nearest.name) <= std::max<std::size_t>(2, nearest.name.size() / 3) ? &nearest : nullptr;
}

[[noreturn]] void refuse_key(const std::string& key) {
    for (const Hint& hint : not_in_json)
        if (key == hint.name) throw ConfigError(key, std::string(hint.text));
    const std::string shown = key.empty() ? detail::quoted(key) : detail::GivenText{key, false}.shown();
    if (const Option* nearest = nearest_option(key))
        throw ConfigError(shown, fmt::format("unknown option; did you mean \"{}\"?", nearest->name));
    throw ConfigError(shown, "unknown option; options have the names of the builder's setters");
}

class OptionReader final : public detail::JsonMembers {
public:
    void member(const std::string& key, const std::string& value, bool is_string) override {
        const Option& option = take(key);
        const std::string problem = option.read(settings, {value, is_string});
        if (!problem.empty()) throw ConfigError(key, problem);
        if (!option.is_allowed(settings)) detail::refuse(option, settings, option.allowed);
    }

    void nested(const std::string& key) override {
        static_cast<void>(take(key));
        throw ConfigError(key, "an object or a list is not a value of an option");
    }

    Settings settings;

private:
    const Option& take(const std::string& key) {
        const Option* option = detail::find_option(key);
        if (!option) refuse_key(key);
        const auto index = static_cast<std::size_t>(option - detail::option_table().data());
        if (given_[index]) throw ConfigError(key, "is given twice");
        given_[index] = true;
        return *option;
    }

    std::bitset<detail::option_count> given_;
};

}  // namespace

Settings options_from_json(std::string_view text) {
    OptionReader reader;
    detail::read_json(text, reader);
    return reader.settings;
}

}  // namespace concur
