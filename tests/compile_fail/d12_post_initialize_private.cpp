// id: D12
// expect: post_initialize of this worker class cannot be called
// expect: WorkerClass<Server>

#include <concur/concur.hpp>

class Server {
    void post_initialize() {}
};

void use() { auto server = concur::Worker<Server>::options().init(); }
