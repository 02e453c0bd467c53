// id: R20
// expect: retry() calls its function without arguments, or with const concur::Attempt&

#include <concur/concur.hpp>

void use() {
    int result = concur::retry(concur::RetryPolicy(), [](int value) { return value; });
}
