// id: D6
// expect: CallContext& is filled in for the first parameter only
// expect: Method<&Job::run>
// expect: Position<2>

#include <concur/concur.hpp>

struct Job {
    int run(int times, concur::CallContext& context) { return times + context.attempt().number; }
};

void use(const concur::Proxy<Job>& job, concur::CallContext& context) {
    concur::Future<int> done = job.call<&Job::run>(1, context);
}
