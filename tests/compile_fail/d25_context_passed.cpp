// id: D25
// expect: too many arguments; pass those of the method only, CallContext& is filled in
// expect: Method<&Job::run>

#include <concur/concur.hpp>

struct Job {
    int run(concur::CallContext& context, int times) { return times + context.attempt().number; }
};

void use(const concur::Proxy<Job>& job) {
    concur::Future<int> done = job.call<&Job::run>(concur::this_worker::context(), 1);
}
