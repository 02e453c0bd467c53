// id: R14
// expect: a retry_after function takes an exception or a result of one type

#include <concur/concur.hpp>

void use() {
    auto policy = concur::RetryPolicy().retry_after([](const auto&) { return concur::Duration(); });
}
