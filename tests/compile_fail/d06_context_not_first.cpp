// id: D6
// expect: the context of a call is filled in for a first parameter CallContext& only
// expect: Method<&Job::run>
// expect: Expected<int, concur::CallContext

#include <concur/concur.hpp>

struct Job {
    int run(int times, concur::CallContext& context) { return times + context.attempt().number; }
};

void use(const concur::Proxy<Job>& job) { concur::Future<int> done = job.call<&Job::run>(1); }
