// id: D14
// expect: a retry_until validator takes a result by value or const reference

#include <concur/concur.hpp>

void use() {
    auto policy = concur::RetryPolicy().retry_until([](int& value) { return ++value > 1; }, "too small");
}
