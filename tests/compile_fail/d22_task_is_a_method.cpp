// id: D22
// expect: a task is a function, and this is a pointer to a member of a class
// expect: Counter

#include <concur/concur.hpp>

struct Counter {
    int get() const { return 1; }
};

void use(const concur::TaskProxy<>& tasks) { int value = tasks.submit(&Counter::get, Counter()).result(); }
