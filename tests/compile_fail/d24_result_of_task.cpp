// id: D24
// expect: this result is a reference to something that cannot be copied
// expect: Function<
// expect: std::mutex

#include <concur/concur.hpp>

#include <mutex>

std::mutex& lock_of(int index);

void use(const concur::TaskProxy<>& tasks) { tasks.submit(lock_of, 1); }
