/// What a test puts between a worker and its object. A worker without instruments pays one predictable branch.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "concur/future/state.hpp"

namespace concur {

class CallContext;

namespace detail {

/// Happens at the start of an attempt. Shared by all workers that it was given to, at the same time.
class Injection {
public:
    virtual ~Injection() = default;
    /// `number` counts the attempts of the worker, from 1. What it throws is what the attempt ends in.
    virtual void before_attempt(std::uint64_t number, CallContext& context) const = 0;
};

/// A call without its types, for who knows them from elsewhere.
struct BareCall {
    std::string_view method_name;
    /// The member or function pointer that was called; null for a function object.
    const std::type_info* pointer_type;
    const void* pointer;
    /// Addresses of the arguments, each as the method would get it.
    void* const* arguments;
    /// An empty std::optional of the call's value; null for void.
    void* value;
};

/// Answers calls instead of an object.
class StandIn {
public:
    virtual ~StandIn() = default;
    /// Fills in the value, or returns the state of a future for it, with a handle. Throws what the method would throw.
    virtual StateBase* answer(const BareCall& call, CallContext& context) = 0;
};

/// What `init` was given.
struct InstrumentSettings {
    std::vector<std::shared_ptr<const Injection>> injections;
    std::shared_ptr<StandIn> stand_in;

    [[nodiscard]] bool empty() const noexcept { return injections.empty() && !stand_in; }
};

/// The instruments of one worker.
struct Instruments {
    explicit Instruments(InstrumentSettings given) : settings{std::move(given)} {}

    InstrumentSettings settings;
    std::atomic<std::uint64_t> attempts{0};
};

}  // namespace detail

/// Something to be injected into the attempts of a worker; see testing/inject.hpp.
class Injected {
public:
    explicit Injected(std::shared_ptr<const detail::Injection> injection) noexcept : injection_{std::move(injection)} {}

    // For the library.
    [[nodiscard]] const std::shared_ptr<const detail::Injection>& get() const noexcept { return injection_; }

private:
    std::shared_ptr<const detail::Injection> injection_;
};

}  // namespace concur
