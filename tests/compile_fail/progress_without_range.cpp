// id: O5
// expect: progress() takes a range and a description
// expect: Given<int

#include <concur/concur.hpp>

void use() {
    for (auto each : concur::progress(100, "counting")) static_cast<void>(each);
}
