// id: D12
// expect: make it public, static and callable with them
// expect: WorkerClass<Server>

#include <concur/concur.hpp>

struct Server {
    void pre_initialize(int& port) { port += 1; }
    explicit Server(int) {}
};

void use() { auto server = concur::Worker<Server>::options().init(1); }
