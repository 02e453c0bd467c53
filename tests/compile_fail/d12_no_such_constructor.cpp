// id: D12
// expect: this worker class has no public constructor for the arguments of init()
// expect: WorkerClass<Counter>
// expect: Given<Apple, int>

#include <concur/concur.hpp>

struct Apple {};
struct Counter {
    explicit Counter(int start) : value{start} {}
    int value;
};

void use() { auto counter = concur::Worker<Counter>::options().init(Apple(), 1); }
