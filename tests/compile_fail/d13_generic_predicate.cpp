// id: D13
// expect: the parameter's type of a retry_on predicate is the filter, and a generic function has none

#include <concur/concur.hpp>

void use() {
    auto policy = concur::RetryPolicy().retry_on([](const auto&) { return true; });
}
