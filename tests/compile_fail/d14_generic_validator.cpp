// id: D14
// expect: a retry_until validator applies to methods that return its parameter's type, and a generic function has none

#include <concur/concur.hpp>

void use() {
    auto policy = concur::RetryPolicy().retry_until([](const auto& value) { return value > 1; }, "too small");
}
