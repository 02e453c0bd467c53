#include "concur/call/checked.hpp"

#include <fmt/format.h>

#include <functional>

namespace concur::detail {
namespace {

ValidationError located(const ValidationError& error, std::string_view method, int position) {
    const std::string text = method.empty() ? fmt::format("argument {}: {}", position, error.what())
                                            : fmt::format("{}, argument {}: {}", method, position, error.what());
    return ValidationError(text, error.value(), error.rule(), position, std::string(method));
}

bool holds(const ArgumentPlace& argument, const void* source) noexcept {
    const auto* start = static_cast<const char*>(argument.start);
    const auto* place = static_cast<const char*>(source);
    return !std::less<>()(place, start) && std::less<>()(place, start + argument.size);
}

}  // namespace

void throw_at(int position, const Violation& violation) { throw located(violation, {}, position); }

void throw_from(std::string_view method, const Violation& violation, std::initializer_list<ArgumentPlace> arguments) {
    int position = 0;
    for (const ArgumentPlace& argument : arguments) {
        ++position;
        if (holds(argument, violation.source())) throw located(violation, method, position);
    }
    throw;
}

void rethrow_from(std::string_view method) {
    try {
        throw;
    } catch (const ValidationError& error) {
        if (error.position() == 0 || !error.method_name().empty()) throw;
        throw ValidationError(fmt::format("{}, {}", method, error.what()), error.value(), error.rule(),
                              error.position(), std::string(method));
    }
}

}  // namespace concur::detail
