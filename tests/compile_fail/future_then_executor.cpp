// id: F7
// expect: then(executor, f) wants something with a member execute(task) first
// expect: Given<

#include <concur/concur.hpp>

void use(const concur::Future<int>& number) {
    struct Loop {
        void execute(void (*task)()) { task(); }
    };
    auto next = number.then([](int value) { return value; }, Loop());
}
