// id: D12
// expect: pre_initialize of this worker class cannot be called with the arguments of init()
// expect: WorkerClass<Server>

#include <concur/concur.hpp>

class Server {
public:
    explicit Server(int) {}

private:
    static void pre_initialize(int& port) { port += 1; }
};

void use() { auto server = concur::Worker<Server>::options().init(1); }
