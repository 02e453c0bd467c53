// id: D11
// expect: the destructor of this worker class is private or deleted
// expect: WorkerClass<Session>

#include <concur/concur.hpp>

class Session {
public:
    static void close(Session* session) { delete session; }

private:
    ~Session() = default;
};

void use() { auto session = concur::Worker<Session>::options().init(); }
