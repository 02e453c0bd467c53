// id: D12
// expect: and with std::ref what it takes as a non-const reference
// expect: WorkerClass<Logger>

#include <concur/concur.hpp>
#include <string>

struct Logger {
    explicit Logger(std::string& shared) : log{shared} {}
    std::string& log;
};

void use() {
    std::string log;
    auto logger = concur::Worker<Logger>::options().init(log);
}
