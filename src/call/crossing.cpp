#include "concur/call/crossing.hpp"

#include <fmt/format.h>

#include "concur/core/errors.hpp"

namespace concur::detail {

void throw_cannot_cross(std::string_view method, std::string_view type, bool is_argument) {
    throw SerializationError(
        fmt::format(
            "{} cannot be called in another process: its {} of type {} cannot be sent; make it a struct of what "
            "can, give it a serialize function, or specialise concur::wire for it",
            method, is_argument ? "argument" : "result", type),
        std::string(type), std::string(method));
}

void throw_function_cannot_cross(std::string_view method, std::string_view type) {
    throw SerializationError(
        fmt::format("a {} cannot be sent to another process, because it has captured something or is no function; pass "
                    "what it needs as arguments",
                    method),
        std::string(type), std::string(method));
}

void throw_cut_short(std::string_view method) {
    throw SerializationError(fmt::format("what was received is no call or result of {}", method), {},
                             std::string(method));
}

void rethrow_as_serialization_error(std::string_view method, std::string_view what) {
    std::string type;
    std::string problem = "something was thrown";
    try {
        throw;
    } catch (const SerializationError& error) {
        if (!error.method_name().empty()) throw;
        type = error.type_name();
        problem = error.what();
    } catch (const std::exception& error) {
        problem = error.what();
    } catch (...) {  // NOLINT(bugprone-empty-catch): it has no text
    }
    std::throw_with_nested(
        SerializationError(fmt::format("{}: {}: {}", method, what, problem), type, std::string(method)));
}

}  // namespace concur::detail
