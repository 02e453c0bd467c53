/// Options from text.
#pragma once

#include <string_view>

#include "concur/backend/settings.hpp"

namespace concur {

/// Reads options from a JSON object (UTF-8, RFC 8259): its keys are the names of the builder's setters.
///
///     concur::options_from_json(R"({"mode": "thread", "name": "parser", "stop_timeout": "250ms"})")
///
/// Times are numbers of seconds, or texts with a unit: ns, us, ms, s, min, h; or "never". Counts may be "unlimited".
/// Text that reads as the option's type is accepted: "4", "true", "0.5". `retry_algorithm` takes the curves that have
/// no times of their own.
///
/// Throws ConfigError: with the key for a key that is unknown (and the nearest known one), given twice, or has a value
/// that is not allowed; as option "json", with line and column, counted in characters from 1, for text that is no JSON.
/// Whether the options fit together is checked by `init`.
[[nodiscard]] Settings options_from_json(std::string_view text);

}  // namespace concur
