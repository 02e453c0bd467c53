/// How a call goes to an object in another process, and how its result comes back.
///
///     caller: encode the target and the arguments -> bytes -> child: make the same call of them, run it
///     caller: decode the value, once somebody looks <- bytes <- encode the value
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "concur/call/bound_call.hpp"
#include "concur/call/names.hpp"
#include "concur/wire/codec.hpp"
#include "concur/wire/exceptions.hpp"

namespace concur::detail {

/// The functions of one type of calls. One object per type, with static storage: its address is the same in a forked
/// child.
struct Crossing {
    /// Appends what is called, and the arguments. On the thread that makes the call or that completes its last input.
    /// Throws SerializationError, and what conversions of arguments throw.
    void (*encode)(CallBase& call, Bytes& to);
    /// Where the object lives: the same call, with one handle. Throws SerializationError.
    CallBase* (*make)(CallHost& host, const MethodInfo& method, std::span<const std::byte> from);
    /// There: appends the value of a call that has ended with one.
    void (*encode_result)(CallBase& call, Bytes& to);
    /// In the caller: puts the value into its place.
    void (*decode_result)(CallBase& call, std::span<const std::byte> from);
    /// For what validators reject; null if its results cannot be sent.
    const RejectedResultsCodec* rejected_results;
};

/// A call that runs in another process, as those see it who want it to end. Any thread.
class CallAbroad {
public:
    CallAbroad(const CallAbroad&) = delete;
    CallAbroad& operator=(const CallAbroad&) = delete;

    void add_ref() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// True if its code has not begun there, and never will.
    [[nodiscard]] virtual bool withdraw() noexcept = 0;
    virtual void request_stop() noexcept = 0;

protected:
    CallAbroad() = default;
    virtual ~CallAbroad() = default;

private:
    std::atomic<std::uint32_t> references_{0};
};

/// A value that nobody has looked at.
struct EncodedValue {
    std::mutex mutex;
    Bytes bytes;               // guarded by mutex, as below
    std::exception_ptr error;  // what decoding them has thrown
};

// ---- what can go

/// A `const char*` parameter's text.
template <>
struct Codec<CText> {
    static constexpr bool exists = true;
    static constexpr std::size_t least = 1;
    static void encode(Bytes& to, const CText& text) {
        detail::encode(to, text.c_str() != nullptr);
        if (text.c_str()) detail::encode(to, std::string(text.c_str()));
    }
    static CText decode(Reader& from) {
        if (!detail::decode<bool>(from)) return CText(static_cast<const char*>(nullptr));
        return CText(detail::decode<std::string>(from));
    }
};

/// Looked at again where the object lives.
template <class T, auto... rules>
struct Codec<Valid<T, rules...>> : Codec<T> {
    static void encode(Bytes& to, const Valid<T, rules...>& valid) { Codec<T>::encode(to, valid.value()); }
    static Valid<T, rules...> decode(Reader& from) {
        T value = Codec<T>::decode(from);
        return Valid<T, rules...>(std::move(value));
    }
};

template <class T>
inline constexpr bool can_cross = std::is_void_v<T> || Sendable<T>;

/// What is called crosses as an address, which forked children share, or as its type alone.
template <class Target>
inline constexpr bool target_crosses = [] {
    if constexpr (requires(Target & target) { target.pointer; }) {
        return true;
    } else if constexpr (requires(Target & target) { target.function; }) {
        using F = decltype(Target::function);
        return std::is_pointer_v<F> || (std::is_empty_v<F> && std::is_default_constructible_v<F>);
    } else {
        return std::is_empty_v<Target> && std::is_default_constructible_v<Target>;
    }
}();

/// Says why it cannot.
[[noreturn]] void throw_cannot_cross(std::string_view method, std::string_view type, bool is_argument);
[[noreturn]] void throw_function_cannot_cross(std::string_view method, std::string_view type);
/// There: it was not sent by the same call.
[[noreturn]] void throw_cut_short(std::string_view method);
/// What is being handled, as a SerializationError with the method's name.
[[noreturn]] void rethrow_as_serialization_error(std::string_view method, std::string_view what);

// ---- single parts

template <class Target>
void encode_target(Bytes& to, const Target& target) {
    if constexpr (requires { target.pointer; }) {
        append_bits(to, target.pointer);
    } else if constexpr (requires { target.function; }) {
        if constexpr (std::is_pointer_v<decltype(Target::function)>) append_bits(to, target.function);
    }
}
template <class Target>
Target decode_target(Reader& from) {
    if constexpr (requires(Target & target) { target.pointer; }) {
        return Target{take_bits<decltype(Target::pointer)>(from)};
    } else if constexpr (requires(Target & target) { target.function; }) {
        using F = decltype(Target::function);
        if constexpr (std::is_pointer_v<F>) {
            return Target{take_bits<F>(from)};
        } else {
            return Target{F()};
        }
    } else {
        return Target();
    }
}

// ---- whole calls

template <class T, class Target, class... S>
struct CrossingOf<BoundCall<T, Target, S...>> {
    using Call = BoundCall<T, Target, S...>;
    using There = BoundCall<T, Target, typename S::There...>;
    using Value = typename Call::Value;
    static constexpr bool function_crosses = target_crosses<Target>;
    static constexpr bool arguments_cross = (can_cross<typename S::Value> && ...);
    static constexpr bool crosses = function_crosses && arguments_cross && can_cross<Value>;

    static void encode_call(CallBase& base, Bytes& to) {
        if constexpr (!function_crosses) {
            throw_function_cannot_cross(base.method_name(), name_of_type<Target>());
        } else if constexpr (!crosses) {
            (refuse<typename S::Value>(base, true), ...);
            refuse<Value>(base, false);
        } else {
            auto& call = static_cast<Call&>(base);
            encode_target(to, call.target_);
            call.slots_.for_each([&](auto& slot) { encode_slot(base, to, slot); });
        }
    }

    static CallBase* make(CallHost& host, const MethodInfo& method, std::span<const std::byte> bytes) {
        if constexpr (!crosses) {
            throw_cut_short(method.name);
        } else {
            Reader from(bytes);
            Target target = decode_target<Target>(from);
            // Braces: from left to right.
            std::tuple<typename S::Value...> values{decode<typename S::Value>(from)...};
            if (!from.empty()) throw_cut_short(method.name);
            return std::apply(
                [&](auto&... value) -> CallBase* {
                    return new There(method, host, std::move(target), std::move(value)...);
                },
                values);
        }
    }

    static void encode_result(CallBase& base, Bytes& to) {
        if constexpr (crosses && !std::is_void_v<Value>)
            detail::encode(to, *static_cast<const Value*>(base.value_address()));
    }

    static void decode_result(CallBase& base, std::span<const std::byte> bytes) {
        if constexpr (crosses && !std::is_void_v<Value>) {
            Reader from(bytes);
            static_cast<Call&>(base).emplace([&] { return decode<Value>(from); });
            if (!from.empty()) throw_cut_short(base.method_name());
        }
    }

    static constexpr const RejectedResultsCodec* rejected_results() {
        if constexpr (crosses && !std::is_void_v<Value>) {
            return is_copyable<Value> ? &rejected_results_codec<Value> : nullptr;
        } else {
            return nullptr;
        }
    }

    static constexpr Crossing table{encode_call, make, encode_result, decode_result, rejected_results()};

private:
    template <class OneSlot>
    static void encode_slot(const CallBase& call, Bytes& to, OneSlot& slot) {
        if constexpr (OneSlot::has_future) {
            if (slot.pass_on(to)) return;
            slot.resolve();
        }
        try {
            detail::encode(to, slot.kept());
        } catch (...) {
            rethrow_as_serialization_error(call.method_name(), "an argument could not be encoded");
        }
    }
    template <class Part>
    static void refuse(const CallBase& call, bool is_argument) {
        if constexpr (!can_cross<Part>) throw_cannot_cross(call.method_name(), name_of_type<Part>(), is_argument);
    }
};

}  // namespace concur::detail
