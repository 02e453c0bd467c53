// id: D12
// expect: pre_initialize of this worker class cannot be called with the arguments of init()
// expect: WorkerClass<Server>
// expect: Given<Apple>

#include <concur/concur.hpp>

struct Apple {};
struct Server {
    static void pre_initialize(int& port) { port += 1; }
    explicit Server(Apple) {}
};

void use() { auto server = concur::Worker<Server>::options().init(Apple()); }
