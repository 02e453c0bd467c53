// id: R2
// expect: a custom backoff computes the wait from the number of the retry and the attempt that failed

#include <concur/concur.hpp>

void use() {
    auto custom = concur::Backoff::custom([](int k) { return concur::Duration() * k; });
}
