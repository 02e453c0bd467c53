// id: D20
// expect: stop is a name of the proxy itself
// expect: call<&Motor::stop>

#include <concur/concur.hpp>

struct Motor {
    void stop() {}
    void run() {}
};
CONCUR_PROXY(Motor, run, stop)
