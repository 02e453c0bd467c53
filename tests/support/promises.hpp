/// Futures that a test completes by hand.
#pragma once

#include <concur/concur.hpp>

#include <vector>

namespace concur::test {

inline std::vector<Future<int>> futures_of(const std::vector<Promise<int>>& promises) {
    std::vector<Future<int>> futures;
    for (const auto& promise : promises) futures.push_back(promise.future());
    return futures;
}

}  // namespace concur::test
