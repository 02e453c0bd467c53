/// What runs a call on its object. The same in every mode; only how calls arrive differs.
#pragma once

#include "concur/call/host.hpp"

namespace concur::detail {

class Runner {
public:
    /// Runs a call that its host has started (its phase is running). When it returns, the call has ended, or waits for
    /// the future that its method returned and is held by the host.
    static void run(CallHost& host, CallBase& call, void* object) noexcept;

private:
    static void fail(CallBase& call, std::exception_ptr error) noexcept;
    static void follow(CallHost& host, CallBase& call, StateBase* returned) noexcept;
};

}  // namespace concur::detail
