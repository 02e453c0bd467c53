// id: D12
// expect: this worker class has no public constructor for the arguments of init()
// expect: WorkerClass<Counter>
// expect: Given<Apple>

#include <concur/concur.hpp>

struct Apple {};
struct Counter {
    explicit Counter(int start);
};

// A constructor is asked with the value.
void use(const concur::Future<Apple>& apple) { auto counter = concur::Worker<Counter>::options().init(apple); }
