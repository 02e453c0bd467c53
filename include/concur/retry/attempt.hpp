/// One attempt of a call, as the method, the retry filters and the validators see it.
#pragma once

#include <exception>
#include <string_view>

namespace concur {

struct Attempt {
    /// From 1.
    int number = 1;
    std::string_view method_name;
    std::string_view worker_name;
    /// What the attempt before this one threw; null for the first.
    std::exception_ptr last_error;
};

}  // namespace concur
