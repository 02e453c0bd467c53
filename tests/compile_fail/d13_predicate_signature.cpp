// id: D13
// expect: a retry_on predicate takes an exception, also const concur::Attempt& if it wants to, and returns bool

#include <concur/concur.hpp>
#include <stdexcept>

void use() {
    auto policy = concur::RetryPolicy().retry_on([](const std::runtime_error&, int) { return true; });
}
