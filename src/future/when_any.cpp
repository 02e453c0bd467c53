#include "concur/future/when_any.hpp"

#include <fmt/format.h>

#include <string>

namespace concur::detail {

void throw_none_to_choose_from() {
    throw ConfigError("when_any", "the range is empty, and none of no futures can succeed; pass at least one");
}

void throw_all_failed(std::vector<std::exception_ptr> errors) {
    const std::string text = fmt::format("all of {} futures failed; errors() has their exceptions", errors.size());
    throw AggregateError(text, std::move(errors));
}

}  // namespace concur::detail
