#include "concur/worker/valid.hpp"

#include <fmt/format.h>

#include <regex>

namespace concur::detail {

struct Pattern::Compiled {
    std::regex expression;
};

Pattern::Pattern(std::string_view expression) try
    : compiled_{new Compiled{std::regex(expression.begin(), expression.end())}
}  // namespace concur::detail
{}
catch (const std::regex_error& error) {
    throw ConfigError("matches", fmt::format("{} is no regular expression: {}", quoted(expression), error.what()));
}

bool Pattern::matches(std::string_view text) const {
    return std::regex_match(text.begin(), text.end(), compiled_->expression);
}

std::string text_of_number(std::int64_t value) { return fmt::format("{}", value); }
std::string text_of_number(std::uint64_t value) { return fmt::format("{}", value); }

void throw_unreadable(std::string_view text, std::string_view kind, Reading reading, const void* source) {
    const std::string problem =
        reading == Reading::out_of_range ? "is too large or too small for its type" : fmt::format("is not {}", kind);
    throw Violation(fmt::format("{} {}", quoted(text), problem), std::string(text), std::string(kind), source);
}

void throw_violation(std::string value, const std::string& shown, std::string rule, const std::string& demand,
                     const void* source) {
    throw Violation(fmt::format("{} {}", shown, demand), std::move(value), std::move(rule), source);
}

}  // namespace concur::detail
