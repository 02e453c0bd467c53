// id: D23
// expect-compiler: setters return a changed copy of the policy

#include <concur/concur.hpp>

void use() {
    concur::RetryPolicy policy;
    policy.num_retries(3);
}
