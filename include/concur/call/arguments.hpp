/// How an argument is kept from the call until the method runs.
///
/// In the caller an argument is converted to the type of its parameter, as in a plain call, and then belongs to the
/// call. What is kept is the parameter's type without reference, with these exceptions: views are kept as owners
/// (`string_view` and `const char*` as a string, `span` as a vector), a `const Base&` keeps the Derived that it was
/// given, and futures are kept until their values are there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "concur/call/checked.hpp"
#include "concur/core/function_traits.hpp"
#include "concur/core/owned.hpp"
#include "concur/future/copyable.hpp"
#include "concur/future/list.hpp"
#include "concur/future/unwrap.hpp"

namespace concur::detail {

/// Stands for the parameter of a callable that has no single signature.
struct Deduced {};

/// A `const char*` parameter's text; null stays null.
class CText {
public:
    explicit CText(const char* text) : text_{text ? text : ""}, is_null_{text == nullptr} {}
    explicit CText(const std::string& text) : text_{text} {}
    [[nodiscard]] const char* c_str() const noexcept { return is_null_ ? nullptr : text_.c_str(); }

private:
    std::string text_;
    bool is_null_ = false;
};

template <class T>
inline constexpr bool is_text_pointer = std::is_same_v<T, const char*>;

/// Whether a copy of an lvalue (or of a const rvalue) would be needed where there can be none. The traits of the
/// standard library say yes to a vector of unique_ptrs, see copyable.hpp.
template <class Given>
inline constexpr bool would_copy_uncopyable = [] {
    if constexpr (std::is_lvalue_reference_v<Given> || std::is_const_v<std::remove_reference_t<Given>>) {
        return !is_copyable<std::decay_t<Given>>;
    } else {
        return false;
    }
}();

/// Whether a given argument can be kept as a `Kept`.
template <class Kept, class Given>
inline constexpr bool can_keep = [] {
    if constexpr (std::is_same_v<Kept, std::decay_t<Given>>) {
        return std::is_convertible_v<Given, Kept> && !would_copy_uncopyable<Given>;
    } else {
        return std::is_convertible_v<Given, Kept> || (holds_valid<Kept> && elements_convert<Kept, Given>);
    }
}();

/// How an argument of type A (without reference) is kept for a parameter P, and how it is passed.
template <class P, class A>
struct Kept {
    using Plain = std::remove_cvref_t<P>;
    /// A reference to a base class keeps the object that it was given.
    using type = std::conditional_t<std::is_reference_v<P> && !std::is_same_v<Plain, A> && std::is_base_of_v<Plain, A>,
                                    A, Plain>;

    template <class Given>
    static constexpr bool fits = can_keep<type, Given>;
    /// Whether the method may take away what is kept.
    static constexpr bool gives_away = !std::is_lvalue_reference_v<P>;
    static constexpr bool is_plain = !std::is_reference_v<P> && std::is_trivially_copyable_v<type>;

    static decltype(auto) pass(type& kept) {
        if constexpr (std::is_lvalue_reference_v<P>) {
            return static_cast<const type&>(kept);
        } else {
            return std::move(kept);
        }
    }
};

template <class A>
struct Kept<Deduced, A> {
    using type =
        std::conditional_t<std::is_same_v<std::decay_t<A>, const char*> || std::is_same_v<std::decay_t<A>, char*>,
                           std::string, Owned<A>>;

    template <class Given>
    static constexpr bool fits = !would_copy_uncopyable<Given>;
    static constexpr bool gives_away = true;
    static constexpr bool is_plain = std::is_trivially_copyable_v<type>;

    static type&& pass(type& kept) { return std::move(kept); }
};

template <class T>
struct Kept<Deduced, AsIs<T>> {
    using type = AsIs<T>;

    template <class Given>
    static constexpr bool fits = true;
    static constexpr bool gives_away = true;
    static constexpr bool is_plain = false;

    static Future<T>&& pass(type& kept) { return std::move(kept.future); }
};

template <class P, class T>
    requires(!std::is_same_v<P, Deduced>)
struct Kept<P, AsIs<T>> {
    using type = AsIs<T>;

    template <class Given>
    static constexpr bool fits = std::is_convertible_v<Future<T>, P>;
    static constexpr bool gives_away = true;
    static constexpr bool is_plain = false;

    static Future<T>&& pass(type& kept) { return std::move(kept.future); }
};

template <class T>
inline constexpr bool is_text_view = false;
template <class Char, class Traits>
inline constexpr bool is_text_view<std::basic_string_view<Char, Traits>> = true;

template <class P, class A>
    requires(is_text_view<std::remove_cvref_t<P>>)
struct Kept<P, A> {
    using View = std::remove_cvref_t<P>;
    using type = Owned<View>;

    template <class Given>
    static constexpr bool fits = std::is_convertible_v<Given, type> || std::is_convertible_v<Given, View>;
    static constexpr bool gives_away = false;

    static View pass(type& kept) { return kept; }
};

template <class P, class A>
    requires(is_text_pointer<std::remove_cvref_t<P>>)
struct Kept<P, A> {
    using type = CText;

    template <class Given>
    static constexpr bool fits = std::is_convertible_v<Given, const char*> || std::is_convertible_v<Given, std::string>;
    static constexpr bool gives_away = false;

    static const char* pass(type& kept) { return kept.c_str(); }
};

template <class T>
inline constexpr bool is_span = false;
template <class T, std::size_t extent>
inline constexpr bool is_span<std::span<T, extent>> = true;

template <class P, class A>
    requires(is_span<std::remove_cvref_t<P>>)
struct Kept<P, A> {
    using Span = std::remove_cvref_t<P>;
    using type = std::vector<typename Span::value_type>;

    template <class Given>
    static constexpr bool fits =
        std::is_convertible_v<Given, type> || std::is_convertible_v<Given, std::span<const typename Span::value_type>>;
    /// It may write into its copy.
    static constexpr bool gives_away = !std::is_const_v<typename Span::element_type>;
    static constexpr bool is_plain = false;

    static Span pass(type& kept) { return Span(kept); }
};

/// An argument that is kept as K for a parameter P, as others than the method see it: a reference to a base class is
/// seen as that.
template <class P, class K>
struct SeenAs {
    using type = K;
};
template <class P, class K>
    requires(
        std::is_base_of_v<std::remove_cvref_t<P>, K>&& std::is_convertible_v<const K&, const std::remove_cvref_t<P>&>)
struct SeenAs<P, K> {
    using type = std::remove_cvref_t<P>;
};
/// The same, of an argument that has its parameter's type.
template <class P>
using SeenParameter = typename SeenAs<P, typename Kept<P, std::remove_cvref_t<P>>::type>::type;

/// The address of a kept argument that is seen as `type`, else null.
template <class P, class K>
[[nodiscard]] const void* find_as(const K& kept, const std::type_info& type) noexcept {
    using Seen = typename SeenAs<P, K>::type;
    return type == typeid(Seen) ? std::addressof(static_cast<const Seen&>(kept)) : nullptr;
}

/// The kept form of a given argument.
template <class To, class Given>
To keep_as(Given&& given) {
    if constexpr (std::is_same_v<To, std::remove_cvref_t<Given>>) {
        return std::forward<Given>(given);
    } else if constexpr (std::is_same_v<To, CText>) {
        return CText(std::forward<Given>(given));
    } else if constexpr (holds_valid<To>) {
        return convert_elements<To>(std::forward<Given>(given));
    } else if constexpr (!std::is_convertible_v<Given, To> && requires { typename To::traits_type; }) {
        using View = std::basic_string_view<typename To::value_type, typename To::traits_type>;
        return To(static_cast<View>(std::forward<Given>(given)));
    } else if constexpr (!std::is_convertible_v<Given, To> && requires { typename To::value_type; }) {
        const std::span<const typename To::value_type> view(given);
        return To(view.begin(), view.end());
    } else {
        return std::forward<Given>(given);
    }
}

/// Whether A holds futures that are to be replaced by their values for P: unless only the future itself fits. F24
template <class P, class A>
inline constexpr bool unwraps = [] {
    if constexpr (!contains_future<A>) {
        return false;
    } else if constexpr (std::is_same_v<P, Deduced>) {
        return true;
    } else {
        return Kept<P, Unwrapped<A>>::template fits<Unwrapped<A>> || !Kept<P, std::decay_t<A>>::template fits<A>;
    }
}();

/// What tells apart how arguments of type A are kept for P: the parameter alone, unless it leaves the choice to the
/// argument. Calls of one signature are then one type, however their arguments are spelled.
template <class P, class A>
using KeptFor = std::conditional_t<std::is_same_v<P, Deduced> || std::is_same_v<typename Kept<P, A>::type, A>, A,
                                   std::remove_cvref_t<P>>;

/// Whether an argument that is kept by this rule can be given to several attempts, and whether each then needs a copy.
template <class Rule>
inline constexpr bool is_kept_for_all_attempts = !Rule::gives_away || is_copyable<typename Rule::type>;
template <class Rule>
inline constexpr bool needs_spare = [] {
    if constexpr (Rule::gives_away && is_copyable<typename Rule::type>) {
        return !Rule::is_plain;
    } else {
        return false;
    }
}();

/// An argument that is there.
template <class P, class A>
class ReadySlot {
    using Rule = Kept<P, A>;

public:
    static constexpr bool has_future = false;
    static constexpr bool is_checked = holds_valid<std::remove_cvref_t<P>>;
    static constexpr bool is_repeatable = is_kept_for_all_attempts<Rule>;
    static constexpr bool needs_spare = detail::needs_spare<Rule>;
    /// What is kept, and the slot of the same call where the object lives.
    using Value = typename Rule::type;
    using There = ReadySlot;

    template <class Given>
    explicit ReadySlot(Given&& given) : kept_{keep_as<typename Rule::type>(std::forward<Given>(given))} {}
    ReadySlot(const ReadySlot&) = delete;  // stays where the call is
    ReadySlot(ReadySlot&&) = delete;

    decltype(auto) pass() { return Rule::pass(kept_); }
    [[nodiscard]] const void* find(const std::type_info& type) const noexcept { return find_as<P>(kept_, type); }
    [[nodiscard]] const typename Rule::type& kept() const noexcept { return kept_; }
    void put_back(typename Rule::type&& spare) {
        std::destroy_at(std::addressof(kept_));
        std::construct_at(std::addressof(kept_), std::move(spare));
    }

private:
    typename Rule::type kept_;
};

/// An argument with futures in it: first the structure, then what its values are kept as.
template <class P, class A>
class FutureSlot {
    using Rule = Kept<P, Unwrapped<A>>;

public:
    static constexpr bool has_future = true;
    static constexpr bool is_checked = holds_valid<std::remove_cvref_t<P>>;
    static constexpr bool is_repeatable = is_kept_for_all_attempts<Rule>;
    static constexpr bool needs_spare = detail::needs_spare<Rule>;
    using Value = typename Rule::type;
    using There = ReadySlot<P, KeptFor<P, std::decay_t<Unwrapped<A>>>>;

    template <class Given>
    explicit FutureSlot(Given&& given) : futures_{std::forward<Given>(given)} {}
    FutureSlot(const FutureSlot&) = delete;  // stays where the call is
    FutureSlot(FutureSlot&&) = delete;

    template <class Visit>
    void visit(Visit& visit) const {
        visit_futures(*futures_, visit);
    }
    /// Before the first attempt.
    void resolve() {
        if (!futures_) return;
        kept_.emplace(keep_as<typename Rule::type>(unwrap_part<Structure::owned>(*futures_)));
        futures_.reset();
    }
    /// A value that came from another process, and that nobody has looked at, as it came: P14. False if it is not such.
    [[nodiscard]] bool pass_on(std::vector<std::byte>& to) const {
        if constexpr (std::is_same_v<A, Future<Value>> && is_copyable<Value>) {
            return futures_ && futures_->shared_state_of_future()->append_encoded_value(to);
        } else {
            return false;
        }
    }
    decltype(auto) pass() { return Rule::pass(*kept_); }
    [[nodiscard]] const void* find(const std::type_info& type) const noexcept { return find_as<P>(*kept_, type); }
    [[nodiscard]] const typename Rule::type& kept() const noexcept { return *kept_; }
    void put_back(typename Rule::type&& spare) { kept_.emplace(std::move(spare)); }

private:
    std::optional<A> futures_;
    std::optional<typename Rule::type> kept_;
};

template <class P, class A>
struct SlotType {
    using type = ReadySlot<P, KeptFor<P, std::decay_t<A>>>;
};
template <class P, class A>
    requires(unwraps<P, A>)
struct SlotType<P, A> {
    using type = FutureSlot<P, std::decay_t<A>>;
};

/// Where an argument of type A waits for its parameter P.
template <class P, class A>
using Slot = typename SlotType<P, A>::type;

template <std::size_t index, class S>
struct SlotAt {
    template <class Given>
    explicit SlotAt(Given&& given) : slot(std::forward<Given>(given)) {}
    SlotAt(const SlotAt&) = delete;
    SlotAt(SlotAt&&) = delete;

    void resolve() {
        if constexpr (S::has_future) slot.resolve();
    }

    S slot;
};

/// For a parameter with rules: what breaks them learns its position.
template <std::size_t index, class S>
    requires(S::is_checked)
struct SlotAt<index, S> {
    static constexpr int position = static_cast<int>(index) + 1;

    template <class Given>
    explicit SlotAt(Given&& given) try : slot(std::forward<Given>(given)) {
    } catch (const Violation& violation) {
        throw_at(position, violation);
    }
    SlotAt(const SlotAt&) = delete;
    SlotAt(SlotAt&&) = delete;

    void resolve() {
        if constexpr (S::has_future) {
            try {
                slot.resolve();
            } catch (const Violation& violation) {
                throw_at(position, violation);
            }
        }
    }

    S slot;
};

/// While an attempt runs that may not be the last one: a copy of the argument that the method takes, which takes its
/// place afterwards.
template <std::size_t index, class S>
class SpareAt {
public:
    SpareAt(SlotAt<index, S>&, bool) noexcept {}
};
template <std::size_t index, class S>
    requires(S::needs_spare)
class SpareAt<index, S> {
public:
    SpareAt(SlotAt<index, S>& place, bool is_needed) : slot_{place.slot} {
        if (is_needed) spare_.emplace(slot_.kept());
    }
    ~SpareAt() {
        if (spare_) slot_.put_back(std::move(*spare_));
    }
    SpareAt(const SpareAt&) = delete;
    SpareAt& operator=(const SpareAt&) = delete;

private:
    S& slot_;
    std::optional<std::remove_cvref_t<decltype(std::declval<S&>().kept())>> spare_;
};

template <class Indices, class... S>
struct SlotPack;

/// The arguments of one call, each in its slot.
template <std::size_t... index, class... S>
struct SlotPack<std::index_sequence<index...>, S...> : SlotAt<index, S>... {
    template <class... Given>
    explicit SlotPack(Given&&... given) : SlotAt<index, S>(std::forward<Given>(given))... {}

    template <class F>
    decltype(auto) pass_to(F&& f) {
        return std::forward<F>(f)(static_cast<SlotAt<index, S>&>(*this).slot.pass()...);
    }
    template <class F>
    void for_each(F&& f) {
        (f(static_cast<SlotAt<index, S>&>(*this).slot), ...);
    }
    /// The argument at `place`, if it is seen as `type`; else null.
    [[nodiscard]] const void* find(std::size_t place, const std::type_info& type) const noexcept {
        const void* found = nullptr;
        static_cast<void>(
            ((index == place && (found = static_cast<const SlotAt<index, S>&>(*this).slot.find(type), true)) || ...));
        return found;
    }
    /// See SpareAt.
    struct Spare : SpareAt<index, S>... {
        Spare(SlotPack& slots, bool is_needed)
            : SpareAt<index, S>(static_cast<SlotAt<index, S>&>(slots), is_needed)... {}
    };
    /// Futures become their values.
    void resolve() { (static_cast<SlotAt<index, S>&>(*this).resolve(), ...); }
};

template <class... S>
using Slots = SlotPack<std::index_sequence_for<S...>, S...>;

}  // namespace concur::detail
