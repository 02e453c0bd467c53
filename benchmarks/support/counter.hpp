/// What every benchmark calls: int -> int, and so little work that only the call is measured.
#pragma once

namespace bench {

struct Counter {
    int add(int amount) { return value += amount; }
    int value = 0;
};

}  // namespace bench
