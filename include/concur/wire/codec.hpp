/// Values as bytes: what can be sent to another process, and how.
///
/// Without a word from the application: numbers, enums, strings, the containers of the standard library, optional,
/// variant, tuple, chrono, path, unique_ptr, error_code, and structs of all these. Other classes have a
/// `serialize(Archive&)` as for cereal, or say what they are made of:
///
///     template <>
///     struct concur::wire<Account> {
///         static auto arguments(const Account& account) { return std::tuple(account.owner(), account.balance()); }
///     };
///
/// The format is the memory's of this machine: both ends are the same program. A reader believes no size that it meets:
/// it is compared with the bytes that are left. docs/design/processes.md
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "concur/core/duration.hpp"
#include "concur/wire/bytes.hpp"
#include "concur/wire/reflect.hpp"

namespace concur {

/// What a T is made of, for classes that cannot be taken apart: specialise it with
/// `static auto arguments(const T&)`, which returns a tuple of arguments for a constructor of T.
template <class T>
struct wire;

namespace detail {

/// Encodes and decodes a T. `exists` is false for what cannot be sent.
///
///     static constexpr std::size_t least;      // how many bytes a value has at least
///     static void encode(Bytes& to, const T& value);
///     static T decode(Reader& from);
template <class T>
struct Codec;

}  // namespace detail

/// Whether values of this type can go to another process, and come back.
template <class T>
concept Sendable = detail::Codec<std::remove_cv_t<T>>::exists;

namespace detail {

// ---- kinds of types

template <class T>
concept RawType = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class T>
concept WiredType = requires(const T& value) {
    wire<T>::arguments(value);
};

template <class T>
concept MapLike = requires(T& map, typename T::value_type element) {
    typename T::key_type;
    map.insert(std::move(element));
    map.begin() != map.end();
};

template <class T>
concept SequenceLike = !MapLike<T> && requires(T & sequence, typename T::value_type element) {
    sequence.push_back(std::move(element));
    sequence.size();
    sequence.begin() != sequence.end();
};

template <class T>
concept PathLike = requires(const T& path) {
    path.native();
    path.root_directory();
    T(path.native());
};

template <class T>
concept OptionalLike = requires(T& optional, typename T::value_type value) {
    optional.has_value();
    optional.emplace(std::move(value));
    optional.reset();
    *optional;
};

template <class T>
concept DurationLike = requires(const T& duration) {
    typename T::rep;
    typename T::period;
    T(duration.count());
};

template <class T>
concept TimePointLike = requires(const T& time) {
    typename T::clock;
    typename T::duration;
    T(time.time_since_epoch());
};

template <class T>
inline constexpr bool is_owner = false;
template <class T>
inline constexpr bool is_owner<std::unique_ptr<T>> = !std::is_array_v<T> && !std::is_polymorphic_v<T>;

template <class T>
inline constexpr bool is_variant = false;
template <class... T>
inline constexpr bool is_variant<std::variant<T...>> = true;

template <class T>
concept TupleLike = requires {
    std::tuple_size<T>::value;
};

/// What a map's elements are sent as: their keys are not const.
template <class T>
struct MutableElement {
    using type = T;
};
template <class K, class V>
struct MutableElement<std::pair<const K, V>> {
    using type = std::pair<K, V>;
};

/// Takes what a `serialize` function names, in both directions.
class SavingArchive;
class LoadingArchive;
template <class T>
concept SelfSerializing = std::is_default_constructible_v<T> &&(
    requires(T& value, SavingArchive& archive) { value.serialize(archive); } ||
    requires(T & value, SavingArchive& archive) { serialize(archive, value); });

enum class WireKind : unsigned char {
    none,
    wired,
    raw,
    time_point,
    duration,
    library_duration,
    error_code,
    nothing,
    path,
    owner,
    variant,
    map,
    sequence,
    optional,
    tuple,
    serializing,
    fields,
};

template <class T>
inline constexpr WireKind wire_kind = [] {
    if constexpr (std::is_same_v<T, void> || std::is_reference_v<T> || std::is_pointer_v<T>) {
        return WireKind::none;
    } else if constexpr (WiredType<T>) {
        return WireKind::wired;
    } else if constexpr (RawType<T>) {
        return WireKind::raw;
    } else if constexpr (std::is_same_v<T, Duration>) {
        return WireKind::library_duration;
    } else if constexpr (TimePointLike<T>) {
        return WireKind::time_point;
    } else if constexpr (DurationLike<T>) {
        return WireKind::duration;
    } else if constexpr (std::is_same_v<T, std::error_code>) {
        return WireKind::error_code;
    } else if constexpr (std::is_same_v<T, std::monostate>) {
        return WireKind::nothing;
    } else if constexpr (PathLike<T>) {
        return WireKind::path;
    } else if constexpr (is_owner<T>) {
        return WireKind::owner;
    } else if constexpr (is_variant<T>) {
        return WireKind::variant;
    } else if constexpr (MapLike<T>) {
        return WireKind::map;
    } else if constexpr (SequenceLike<T>) {
        return WireKind::sequence;
    } else if constexpr (OptionalLike<T>) {
        return WireKind::optional;
    } else if constexpr (TupleLike<T>) {
        return WireKind::tuple;
    } else if constexpr (SelfSerializing<T>) {
        return WireKind::serializing;
    } else if constexpr (is_reflectable<T>) {
        return WireKind::fields;
    } else {
        return WireKind::none;
    }
}();

template <class T, WireKind kind = wire_kind<T>>
struct CodecOf {
    static constexpr bool exists = false;
};

template <class T>
struct Codec : CodecOf<T> {};

template <class T>
void encode(Bytes& to, const T& value) {
    Codec<T>::encode(to, value);
}
template <class T>
[[nodiscard]] T decode(Reader& from) {
    return Codec<T>::decode(from);
}

/// A number of elements; throws where the bytes that are left cannot be so many.
template <class Element>
[[nodiscard]] std::size_t take_count(Reader& from) {
    const auto count = take_bits<std::uint64_t>(from);
    if (count > from.left() / Codec<Element>::least) throw_too_few_bytes(count, from.left());
    return static_cast<std::size_t>(count);
}

/// Room for as many elements as 1 MiB holds: more comes only after these have been decoded.
template <class Container>
void reserve_some(Container& container, std::size_t count) {
    constexpr std::size_t step = 1024 * 1024;
    if constexpr (requires { container.reserve(count); })
        container.reserve(std::min<std::size_t>(count, step / sizeof(typename Container::value_type) + 1));
}

// ---- one kind after the other

template <class T>
struct CodecOf<T, WireKind::raw> {
    static constexpr bool exists = true;
    static constexpr std::size_t least = sizeof(T);
    static void encode(Bytes& to, T value) { append_bits(to, value); }
    static T decode(Reader& from) {
        if constexpr (std::is_same_v<T, bool>) {
            return take_bits<unsigned char>(from) != 0;  // any other value than 0 and 1 would be no bool
        } else {
            return take_bits<T>(from);
        }
    }
};

template <class T>
struct CodecOf<T, WireKind::nothing> {
    static constexpr bool exists = true;
    static constexpr std::size_t least = 1;  // so that a number of them can be checked
    static void encode(Bytes& to, const T&) { to.push_back(std::byte()); }
    static T decode(Reader& from) {
        static_cast<void>(from.take(1));
        return T();
    }
};

template <class T>
struct CodecOf<T, WireKind::duration> : Codec<typename T::rep> {
    static void encode(Bytes& to, const T& value) { detail::encode(to, value.count()); }
    static T decode(Reader& from) { return T(detail::decode<typename T::rep>(from)); }
};

template <class T>
struct CodecOf<T, WireKind::time_point> : Codec<typename T::duration> {
    static void encode(Bytes& to, const T& value) { detail::encode(to, value.time_since_epoch()); }
    static T decode(Reader& from) { return T(detail::decode<typename T::duration>(from)); }
};

template <class T>
struct CodecOf<T, WireKind::library_duration> {
    static constexpr bool exists = true;
    static constexpr std::size_t least = sizeof(T);
    static void encode(Bytes& to, const T& value) { append_bits(to, value); }
    static T decode(Reader& from) { return take_bits<T>(from); }
};

/// A category is one object of the program.
template <class T>
struct CodecOf<T, WireKind::error_code> {
    static constexpr bool exists = true;
    static constexpr std::size_t least = sizeof(int) + sizeof(std::uintptr_t);
    static void encode(Bytes& to, const T& value) {
        append_bits(to, value.value());
        append_address(to, &value.category());
    }
    static T decode(Reader& from) {
        const int value = take_bits<int>(from);
        return T(value, *take_address<std::error_category>(from));
    }
};

template <class T>
struct CodecOf<T, WireKind::path> {
    using Text = std::remove_cvref_t<decltype(std::declval<const T&>().native())>;
    static constexpr bool exists = true;
    static constexpr std::size_t least = sizeof(std::uint64_t);
    static void encode(Bytes& to, const T& value) { detail::encode(to, value.native()); }
    static T decode(Reader& from) { return T(detail::decode<Text>(from)); }
};

template <class T>
struct CodecOf<T, WireKind::owner> {
    using Element = std::remove_const_t<typename T::element_type>;
    static constexpr bool exists = Codec<Element>::exists;
    static constexpr std::size_t least = 1;
    static void encode(Bytes& to, const T& value) {
        detail::encode(to, value != nullptr);
        if (value) detail::encode<Element>(to, *value);
    }
    static T decode(Reader& from) {
        if (!detail::decode<bool>(from)) return nullptr;
        return T(new Element(detail::decode<Element>(from)));
    }
};

template <class T>
struct CodecOf<T, WireKind::optional> {
    using Element = typename T::value_type;
    static constexpr bool exists = Codec<Element>::exists;
    static constexpr std::size_t least = 1;
    static void encode(Bytes& to, const T& value) {
        detail::encode(to, value.has_value());
        if (value.has_value()) detail::encode<Element>(to, *value);
    }
    static T decode(Reader& from) {
        if (!detail::decode<bool>(from)) return T();
        return T(detail::decode<Element>(from));
    }
};

template <class... A>
struct CodecOf<std::variant<A...>, WireKind::variant> {
    using T = std::variant<A...>;
    static constexpr bool exists = (Codec<A>::exists && ...);
    static constexpr std::size_t least = sizeof(std::uint32_t);
    static void encode(Bytes& to, const T& value) {
        append_bits(to, static_cast<std::uint32_t>(value.index()));
        std::visit([&to](const auto& held) { detail::encode(to, held); }, value);  // throws for a valueless one
    }
    static T decode(Reader& from) {
        return decode_at(take_bits<std::uint32_t>(from), from, std::index_sequence_for<A...>());
    }

private:
    template <std::size_t... index>
    static T decode_at(std::uint32_t at, Reader& from, std::index_sequence<index...>) {
        using Make = T (*)(Reader&);
        static constexpr std::array<Make, sizeof...(A)> makes{
            +[](Reader& reader) -> T { return T(std::in_place_index<index>, detail::decode<A>(reader)); }...};
        if (at >= makes.size()) throw_not_decodable("variant", "it has no such alternative");
        return makes[at](from);
    }
};

template <class T>
struct CodecOf<T, WireKind::sequence> {
    using Element = typename T::value_type;
    static constexpr bool exists = Codec<Element>::exists;
    static constexpr std::size_t least = sizeof(std::uint64_t);
    /// All elements at once, as they stand in memory.
    static constexpr bool is_flat = requires(T & value) {
        requires wire_kind<Element>
        == WireKind::raw && !std::is_same_v<Element, bool>;
        requires std::same_as<decltype(value.data()), Element*>;
        value.resize(1);
    };

    static void encode(Bytes& to, const T& value) {
        append_bits(to, static_cast<std::uint64_t>(value.size()));
        if constexpr (is_flat) {
            append_bytes(to, value.data(), value.size() * sizeof(Element));
        } else {
            for (const auto& element : value) detail::encode<Element>(to, element);
        }
    }
    static T decode(Reader& from) {
        const std::size_t count = take_count<Element>(from);
        T value;
        if constexpr (is_flat) {
            const auto bytes = from.take(count * sizeof(Element));
            value.resize(count);
            if (count != 0) std::memcpy(value.data(), bytes.data(), bytes.size());
        } else {
            reserve_some(value, count);
            for (std::size_t i = 0; i < count; ++i) value.push_back(detail::decode<Element>(from));
        }
        return value;
    }
};

template <class T>
struct CodecOf<T, WireKind::map> {
    using Element = typename MutableElement<typename T::value_type>::type;
    static constexpr bool exists = Codec<Element>::exists;
    static constexpr std::size_t least = sizeof(std::uint64_t);
    static void encode(Bytes& to, const T& value) {
        append_bits(to, static_cast<std::uint64_t>(value.size()));
        for (const auto& element : value) {
            if constexpr (requires { typename T::mapped_type; }) {
                detail::encode(to, element.first);
                detail::encode(to, element.second);
            } else {
                detail::encode<Element>(to, element);
            }
        }
    }
    static T decode(Reader& from) {
        const std::size_t count = take_count<Element>(from);
        T value;
        for (std::size_t i = 0; i < count; ++i) value.insert(detail::decode<Element>(from));
        return value;
    }
};

/// Several values in a row: tuples, pairs, arrays, and what other types are made of.
template <class... P>
struct RowCodec {
    static constexpr bool exists = (Codec<P>::exists && ...);
    static constexpr std::size_t least = [] {
        if constexpr (exists) {
            const std::size_t sum = (Codec<P>::least + ... + 0);
            return sum == 0 ? 1 : sum;
        } else {
            return 1;
        }
    }();
    static void encode(Bytes& to, const P&... part) {
        if constexpr (sizeof...(P) == 0) {
            to.push_back(std::byte());
        } else {
            (detail::encode<P>(to, part), ...);
        }
    }
    /// T, built with braces or parentheses of what is decoded, from left to right.
    template <class T>
    static T decode(Reader& from) {
        if constexpr (sizeof...(P) == 0) {
            static_cast<void>(from.take(1));
            return T{};
        } else if constexpr (std::is_aggregate_v<T>) {
            return T{detail::decode<P>(from)...};
        } else {
            std::tuple<P...> parts{detail::decode<P>(from)...};
            return std::make_from_tuple<T>(std::move(parts));
        }
    }
};

template <class T, class Indices>
struct TupleRow;
template <class T, std::size_t... index>
struct TupleRow<T, std::index_sequence<index...>> {
    using type = RowCodec<std::tuple_element_t<index, T>...>;
};

template <class T>
struct CodecOf<T, WireKind::tuple> {
    using Row = typename TupleRow<T, std::make_index_sequence<std::tuple_size_v<T>>>::type;
    static constexpr bool exists = Row::exists;
    static constexpr std::size_t least = Row::least;
    static void encode(Bytes& to, const T& value) {
        std::apply([&to](const auto&... part) { Row::encode(to, part...); }, value);
    }
    static T decode(Reader& from) { return Row::template decode<T>(from); }
};

template <class Tuple>
struct WiredRow;
template <class... P>
struct WiredRow<std::tuple<P...>> {
    using type = RowCodec<std::decay_t<P>...>;
};

template <class T>
struct CodecOf<T, WireKind::wired> {
    using Row = typename WiredRow<std::decay_t<decltype(wire<T>::arguments(std::declval<const T&>()))>>::type;
    static constexpr bool exists = Row::exists;
    static constexpr std::size_t least = Row::least;
    static void encode(Bytes& to, const T& value) {
        std::apply([&to](const auto&... part) { Row::encode(to, part...); }, wire<T>::arguments(value));
    }
    static T decode(Reader& from) { return Row::template decode<T>(from); }
};

// ---- structs, and the C arrays in them

template <class T>
struct FieldCodec : Codec<T> {
    static void decode_into(Reader& from, T& field) { field = Codec<T>::decode(from); }
};
template <class T, std::size_t size>
struct FieldCodec<T[size]> {
    static constexpr bool exists = FieldCodec<T>::exists;
    static constexpr std::size_t least = 1;
    static void encode(Bytes& to, const T (&field)[size]) {
        for (const T& element : field) FieldCodec<T>::encode(to, element);
    }
    static void decode_into(Reader& from, T (&field)[size]) {
        for (T& element : field) FieldCodec<T>::decode_into(from, element);
    }
};

template <class Fields>
struct FieldsRow;
template <class... F>
struct FieldsRow<std::tuple<F&...>> {
    static constexpr bool has_array = (std::is_array_v<F> || ...);
    static constexpr bool exists = (FieldCodec<std::remove_const_t<F>>::exists && ...);
    static constexpr std::size_t least = sizeof...(F) == 0 ? 1 : sizeof...(F);
    static void encode(Bytes& to, const F&... field) {
        (FieldCodec<std::remove_const_t<F>>::encode(to, field), ...);
        if constexpr (sizeof...(F) == 0) to.push_back(std::byte());
    }
    template <class T>
    static T decode(Reader& from) {
        if constexpr (has_array) {
            T value{};
            std::apply([&from](F&... field) { (FieldCodec<F>::decode_into(from, field), ...); }, fields_of(value));
            return value;
        } else {
            return RowCodec<std::remove_const_t<F>...>::template decode<T>(from);
        }
    }
};

template <class T>
struct CodecOf<T, WireKind::fields> {
    using Row = FieldsRow<decltype(fields_of(std::declval<T&>()))>;
    static constexpr bool exists = Row::exists;
    static constexpr std::size_t least = Row::least;
    static void encode(Bytes& to, const T& value) {
        std::apply([&to](const auto&... field) { Row::encode(to, field...); }, fields_of(value));
    }
    static T decode(Reader& from) { return Row::template decode<T>(from); }
};

// ---- classes that have a `serialize`, as for cereal

/// A value with a name, as cereal's macros make it: the name is for people.
template <class T>
concept NamedValue = requires(T& part) {
    part.name;
    part.value;
};

class SavingArchive {
public:
    using is_saving = std::true_type;
    using is_loading = std::false_type;

    explicit SavingArchive(Bytes& to) noexcept : to_{to} {}
    template <class... P>
    SavingArchive& operator()(P&&... part) {
        (save(part), ...);
        return *this;
    }
    template <class P>
    SavingArchive& operator&(P&& part) {
        return (*this)(part);
    }

private:
    template <class P>
    void save(const P& part) {
        if constexpr (NamedValue<const P>) {
            save(part.value);
        } else {
            encode<std::remove_cvref_t<P>>(to_, part);
        }
    }
    Bytes& to_;
};

class LoadingArchive {
public:
    using is_saving = std::false_type;
    using is_loading = std::true_type;

    explicit LoadingArchive(Reader& from) noexcept : from_{from} {}
    template <class... P>
    LoadingArchive& operator()(P&&... part) {
        (load(part), ...);
        return *this;
    }
    template <class P>
    LoadingArchive& operator&(P&& part) {
        return (*this)(part);
    }

private:
    template <class P>
    void load(P& part) {
        if constexpr (NamedValue<P>) {
            load(part.value);
        } else {
            part = decode<std::remove_cvref_t<P>>(from_);
        }
    }
    Reader& from_;
};

template <class T>
struct CodecOf<T, WireKind::serializing> {
    static constexpr bool exists = true;
    static constexpr std::size_t least = 1;  // a mark, so that a number of empty ones can be checked
    static void encode(Bytes& to, const T& value) {
        to.push_back(std::byte());
        SavingArchive archive(to);
        pass(archive, const_cast<T&>(value));  // one function for both directions: this one only reads
    }
    static T decode(Reader& from) {
        static_cast<void>(from.take(1));
        T value;
        LoadingArchive archive(from);
        pass(archive, value);
        return value;
    }

private:
    template <class Archive>
    static void pass(Archive& archive, T& value) {
        if constexpr (requires { value.serialize(archive); }) {
            value.serialize(archive);
        } else {
            serialize(archive, value);
        }
    }
};

}  // namespace detail
}  // namespace concur
