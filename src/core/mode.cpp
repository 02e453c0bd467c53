#include "concur/core/mode.hpp"

namespace concur {

std::string_view to_string(Mode mode) noexcept {
    switch (mode) {
        case Mode::sync:
            return "sync";
        case Mode::thread:
            return "thread";
        case Mode::process:
            return "process";
        case Mode::asio:
            return "asio";
        case Mode::ray:
            return "ray";
        case Mode::dynamic:
            break;
    }
    return "dynamic";
}

}  // namespace concur
