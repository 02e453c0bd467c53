/// Parameters with rules.
///
///     void enroll(Valid<std::string, not_empty, max_length<40>> name, Valid<int, ge<0>, le<150>> age);
///
/// A call with arguments that break a rule throws ValidationError, in every mode, before anything is queued; `init`
/// does the same for constructors. The method gets values that hold.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "concur/call/checked.hpp"
#include "concur/call/names.hpp"
#include "concur/core/enum_names.hpp"
#include "concur/core/owned.hpp"
#include "concur/core/refused.hpp"
#include "concur/core/text.hpp"

namespace concur {
namespace detail {

// ---- texts and numbers between angle brackets

template <std::size_t size>
struct FixedText {
    constexpr FixedText(const char (&given)[size]) noexcept {
        for (std::size_t i = 0; i < size; ++i) text[i] = given[i];
    }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, size - 1}; }

    char text[size]{};
};

/// A number, enumerator or text that a rule compares with.
template <class T>
struct Constant {
    constexpr Constant(T given) noexcept : value{given} {}
    T value;
};
template <std::size_t size>
struct Constant<FixedText<size>> {
    constexpr Constant(const char (&given)[size]) noexcept : value{given} {}
    FixedText<size> value;
};
template <std::size_t size>
Constant(const char (&)[size]) -> Constant<FixedText<size>>;

template <class T>
constexpr T value_of(const Constant<T>& constant) noexcept {
    return constant.value;
}
template <std::size_t size>
constexpr std::string_view value_of(const Constant<FixedText<size>>& constant) noexcept {
    return constant.value.view();
}

// ---- values in errors

template <class T>
inline constexpr bool is_letter = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
                                  std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;
template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T> && !is_letter<T> && !std::is_same_v<T, bool>;

[[nodiscard]] std::string text_of_number(std::int64_t value);
[[nodiscard]] std::string text_of_number(std::uint64_t value);

/// As ValidationError::value() gives it; the type's name for what has no text.
template <class T>
[[nodiscard]] std::string describe(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, char>) {
        return std::string(1, value);
    } else if constexpr (std::is_enum_v<T>) {
        return describe(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
        return text_of(static_cast<double>(value));
    } else if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
        return text_of_number(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
        return text_of_number(static_cast<std::uint64_t>(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        return std::string(std::string_view(value));
    } else {
        return "a " + std::string(name_of_type<T>());
    }
}

/// The same in quotes, if it is a text.
template <class T>
[[nodiscard]] std::string show(const T& value) {
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
        return quoted(std::string_view(value));
    } else {
        return describe(value);
    }
}

// ---- rules
//
// A rule is a value that is called with what it judges. Those of the library also say how they are spelled and what
// they demand, and to which types they apply.

struct RuleTag {};

template <class Rule>
inline constexpr bool is_named_rule = std::is_base_of_v<RuleTag, Rule>;

/// Numbers by their values, whatever their types.
template <class A, class B>
constexpr bool is_less(const A& a, const B& b) {
    if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && is_number<A> && is_number<B>) {
        return std::cmp_less(a, b);
    } else {
        return a < b;
    }
}
template <class A, class B>
constexpr bool is_equal(const A& a, const B& b) {
    if constexpr (std::is_integral_v<A> && std::is_integral_v<B> && is_number<A> && is_number<B>) {
        return std::cmp_equal(a, b);
    } else {
        return a == b;
    }
}
template <class A, class B>
concept Comparable = requires(const A& a, const B& b) {
    { a < b } -> std::convertible_to<bool>;
    { b < a } -> std::convertible_to<bool>;
    { a == b } -> std::convertible_to<bool>;
};

enum class Bound : unsigned char { above, from, below, up_to };

template <Bound kind, auto bound>
struct BoundRule : RuleTag {
    template <class T>
    static constexpr bool fits = Comparable<T, decltype(bound)>;

    template <class T>
    static consteval void explain() {
        static_assert(accepted<Expected<T>, Given<decltype(bound)>>,
                      "concur: the bound of gt, ge, lt or le cannot be compared with the type of its Valid<T, ...>; "
                      "give one of that type, or a lambda as the rule");
    }

    // A NaN is within no bound.
    template <class T>
    constexpr bool operator()(const T& value) const {
        if constexpr (kind == Bound::above) return is_less(bound, value);
        if constexpr (kind == Bound::below) return is_less(value, bound);
        if constexpr (kind == Bound::from) return is_less(bound, value) || is_equal(value, bound);
        if constexpr (kind == Bound::up_to) return is_less(value, bound) || is_equal(value, bound);
    }
    [[nodiscard]] static std::string spelling() {
        constexpr std::string_view names[] = {"gt", "ge", "lt", "le"};
        return std::string(names[static_cast<int>(kind)]) + "<" + describe(bound) + ">";
    }
    [[nodiscard]] static std::string demand() {
        constexpr std::string_view words[] = {"more than ", "at least ", "less than ", "at most "};
        // Not a sum: g++ 12 sees a copy beyond the end in that, which is not there.
        std::string text = "must be ";
        text += words[static_cast<int>(kind)];
        return text += describe(bound);
    }
};

template <auto factor>
struct MultipleRule : RuleTag {
    template <class T>
    static constexpr bool fits =
        std::is_integral_v<T>&& is_number<T>&& std::is_integral_v<decltype(factor)>&& factor != 0;

    template <class T>
    static consteval void explain() {
        static_assert(accepted<Expected<T>, Given<decltype(factor)>>,
                      "concur: multiple_of<n> is for whole numbers, and n is one above zero or below; give a lambda as "
                      "the rule for other types");
    }
    template <class T>
    constexpr bool operator()(const T& value) const {
        return magnitude(value) % magnitude(factor) == 0;
    }
    [[nodiscard]] static std::string spelling() { return "multiple_of<" + describe(factor) + ">"; }
    [[nodiscard]] static std::string demand() { return "must be a multiple of " + describe(factor); }

private:
    // That of the lowest number has no signed type.
    static constexpr std::uint64_t magnitude(auto number) noexcept {
        const auto wrapped = static_cast<std::uint64_t>(number);
        return std::cmp_less(number, 0) ? 0 - wrapped : wrapped;
    }
};

template <bool is_max, std::size_t length>
struct LengthRule : RuleTag {
    template <class T>
    static constexpr bool fits = requires(const T& value) {
        { value.size() } -> std::convertible_to<std::size_t>;
    };

    template <class T>
    static consteval void explain() {
        static_assert(accepted<Expected<T>>,
                      "concur: min_length and max_length are for texts and containers, which have a size(); compare "
                      "numbers with ge and le");
    }
    template <class T>
    constexpr bool operator()(const T& value) const {
        return is_max ? value.size() <= length : value.size() >= length;
    }
    [[nodiscard]] static std::string spelling() {
        return (is_max ? "max_length<" : "min_length<") + describe(length) + ">";
    }
    [[nodiscard]] static std::string demand() {
        return (is_max ? "must have a length of at most " : "must have a length of at least ") + describe(length);
    }
};

template <class Rule>
inline constexpr bool is_max_length = false;
template <std::size_t length>
inline constexpr bool is_max_length<LengthRule<true, length>> = true;

struct NotEmptyRule : RuleTag {
    template <class T>
    static constexpr bool fits = requires(const T& value) {
        { value.empty() } -> std::convertible_to<bool>;
    };

    template <class T>
    static consteval void explain() {
        static_assert(
            accepted<Expected<T>>,
            "concur: not_empty is for texts and containers, which have empty(); give a lambda as the rule for "
            "other types");
    }
    template <class T>
    constexpr bool operator()(const T& value) const {
        return !value.empty();
    }
    [[nodiscard]] static std::string spelling() { return "not_empty"; }
    [[nodiscard]] static std::string demand() { return "must not be empty"; }
};

/// A regular expression (ECMAScript), compiled when it is first needed and never freed.
class Pattern {
public:
    /// Throws ConfigError if it is none.
    explicit Pattern(std::string_view expression);
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;

    /// The whole of the text.
    [[nodiscard]] bool matches(std::string_view text) const;

private:
    struct Compiled;
    const Compiled* compiled_;
};

template <FixedText expression>
struct PatternRule : RuleTag {
    /// libstdc++'s matching needs stack for every character of the text.
    static constexpr std::size_t longest = 4096;

    template <class T>
    static constexpr bool fits = std::is_convertible_v<const T&, std::string_view>;

    template <class T>
    static consteval void explain() {
        static_assert(accepted<Expected<T>>,
                      "concur: matches<\"...\"> is for texts; give a lambda as the rule for other types");
    }
    [[nodiscard]] bool operator()(std::string_view text) const {
        static const Pattern pattern(expression.view());
        return pattern.matches(text);
    }
    [[nodiscard]] static std::string spelling() { return "matches<" + quoted(expression.view()) + ">"; }
    [[nodiscard]] static std::string demand() { return "must match " + quoted(expression.view()); }
};

template <Constant... choices>
struct ChoiceRule : RuleTag {
    template <class T>
    static constexpr bool fits = sizeof...(choices) > 0 && (requires(const T& value) {
                                     { value == value_of(choices) } -> std::convertible_to<bool>;
                                 } && ...);

    template <class T>
    static consteval void explain() {
        static_assert(accepted<Expected<T>>,
                      "concur: one_of<...> needs values that can be compared with the type of its Valid<T, ...>; give "
                      "at least one, of that type");
    }
    template <class T>
    constexpr bool operator()(const T& value) const {
        return (is_equal(value, value_of(choices)) || ...);
    }
    [[nodiscard]] static std::string spelling() { return "one_of<" + list() + ">"; }
    [[nodiscard]] static std::string demand() { return "must be one of " + list(); }

private:
    [[nodiscard]] static std::string list() {
        std::string text;
        ((text += (text.empty() ? "" : ", ") + show(value_of(choices))), ...);
        return text;
    }
};

template <auto predicate, FixedText message>
struct PredicateRule : RuleTag {
    template <class T>
    static constexpr bool fits = std::is_invocable_r_v<bool, decltype(predicate), const T&>;

    template <class T>
    static consteval void explain() {
        static_assert(accepted<Function<decltype(predicate)>, Expected<T>>,
                      "concur: the predicate of check<predicate, \"message\"> takes the value and returns bool; let it "
                      "take const T&");
    }
    template <class T>
    constexpr bool operator()(const T& value) const {
        return predicate(value);
    }
    [[nodiscard]] static std::string spelling() { return std::string(message.view()); }
    [[nodiscard]] static std::string demand() { return std::string(message.view()); }
};

// ---- what a Valid<T, rules...> refuses to be

template <class T, auto rule>
consteval bool rule_fits() {
    if constexpr (is_named_rule<std::remove_const_t<decltype(rule)>>) {
        return decltype(rule)::template fits<T>;
    } else {
        return std::is_invocable_r_v<bool, decltype(rule), const T&>;
    }
}

template <class T, auto rule>
consteval void explain_rule() {
    if constexpr (is_named_rule<std::remove_const_t<decltype(rule)>>) {
        decltype(rule)::template explain<T>();
    } else {
        static_assert(
            accepted<Given<decltype(rule)>, Expected<T>>,
            "concur: a rule of Valid<T, ...> is ge<0>, not_empty and the like, or a lambda that takes const T& "
            "and returns bool; write one of these");
    }
}

// One error is enough.
template <class T, auto rule, auto... others>
consteval void explain_first_misfit() {
    if constexpr (rule_fits<T, rule>()) {
        explain_first_misfit<T, others...>();
    } else {
        explain_rule<T, rule>();
    }
}

template <class T>
inline constexpr bool is_plain_value =
    std::is_object_v<T> && !std::is_array_v<T> && std::is_same_v<T, std::remove_cv_t<T>>;

template <class T, auto... rules>
consteval bool check_rules() {
    if constexpr (!is_plain_value<T>) {
        static_assert(accepted<Given<T>>,
                      "concur: Valid<T, ...> holds a value; name its type without const, reference or array bounds");
        return false;
    } else if constexpr (!std::is_same_v<Owned<T>, T> || std::is_pointer_v<T>) {
        static_assert(accepted<Given<T>>,
                      "concur: Valid<T, ...> keeps its value, and a view or pointer may outlive what it looks at; name "
                      "the owner, such as std::string or std::vector");
        return false;
    } else if constexpr (!(rule_fits<T, rules>() && ...)) {
        explain_first_misfit<T, rules...>();
        return false;
    } else {
        return true;
    }
}

// ---- values from text

/// Whether text can stand for a T.
template <class T>
inline constexpr bool reads_text = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <class Given>
inline constexpr bool is_text =
    std::is_convertible_v<Given, std::string_view> && !std::is_same_v<std::remove_cvref_t<Given>, std::nullptr_t>;

/// Whether a Valid<T, ...> can be made from a Given.
template <class T, class Given>
inline constexpr bool becomes = std::is_convertible_v<Given, T> || (reads_text<T> && is_text<Given>);

template <class Given>
std::string_view view_of_text(const Given& given) {
    if constexpr (std::is_pointer_v<Given>) {
        return given ? std::string_view(given) : std::string_view();
    } else {
        return given;
    }
}

/// "red" for `Colour::red`; empty for a number that has no name.
template <auto value>
inline constexpr std::string_view enumerator_name = [] {
    // "Colour::red", "(anonymous namespace)::Colour::red"; "(Colour)5" where there is no name.
    const std::string_view printed = printed_method<value>();
    const std::size_t before = printed.find_last_of(":)");
    const std::string_view name = printed.substr(before == std::string_view::npos ? 0 : before + 1);
    return name.starts_with('-') || (name.front() >= '0' && name.front() <= '9') ? std::string_view() : name;
}();

template <class Enum, auto number>
bool read_enumerator(std::string_view text, Enum& value) {
    if (text.empty() || enumerator_name<static_cast<Enum>(number)> != text) return false;
    value = static_cast<Enum>(number);
    return true;
}

/// Enumerators by their names, from 0 to 63.
template <class Enum, int... number>
bool read_any_enumerator(std::string_view text, Enum& value, std::integer_sequence<int, number...>) {
    return (read_enumerator<Enum, number>(text, value) || ...);
}

template <class T>
Reading read_as(std::string_view text, T& value) {
    if constexpr (std::is_same_v<T, bool>) {
        return read_text(text, value);
    } else if constexpr (is_letter<T>) {
        if (text.size() != 1) return Reading::not_one;
        value = static_cast<T>(text.front());
        return Reading::good;
    } else if constexpr (std::is_enum_v<T>) {
        // Of an unscoped enum not every number is a value that could be asked for its name.
        if constexpr (!std::is_convertible_v<T, std::underlying_type_t<T>>) {
            if (read_any_enumerator(text, value, std::make_integer_sequence<int, 64>())) return Reading::good;
        }
        std::underlying_type_t<T> number{};
        const Reading reading = read_as(text, number);
        if (reading == Reading::good) value = static_cast<T>(number);
        return reading;
    } else if constexpr (std::is_floating_point_v<T>) {
        double wide = 0;
        const Reading reading = read_text(text, wide);
        value = static_cast<T>(wide);
        return reading == Reading::good && value - value != 0 ? Reading::out_of_range : reading;  // infinite
    } else {
        std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> wide{};
        const Reading reading = read_text(text, wide);
        if (reading == Reading::good && !std::in_range<T>(wide)) return Reading::out_of_range;
        value = static_cast<T>(wide);
        return reading;
    }
}

/// What a text must be to stand for a T.
template <class T>
constexpr std::string_view kind_of = std::is_same_v<T, bool>       ? "true or false"
                                     : is_letter<T>                ? "one character"
                                     : std::is_enum_v<T>           ? "a name or a number of its enum"
                                     : std::is_floating_point_v<T> ? "a number"
                                     : std::is_signed_v<T>         ? "a whole number"
                                                                   : "a whole number of 0 or more";

[[noreturn]] void throw_unreadable(std::string_view text, std::string_view kind, Reading reading, const void* source);
[[noreturn]] void throw_violation(std::string value, const std::string& shown, std::string rule,
                                  const std::string& demand, const void* source);

template <class T, class Given>
T value_from(Given&& given) {
    // Text first: a pointer also converts to bool.
    if constexpr (reads_text<T> && is_text<Given> && !std::is_same_v<std::remove_cvref_t<Given>, T>) {
        const std::string_view text = view_of_text(given);
        T value{};
        const Reading reading = read_as(text, value);
        if (reading != Reading::good) throw_unreadable(text, kind_of<T>, reading, std::addressof(given));
        return value;
    } else {
        return std::forward<Given>(given);
    }
}

template <auto rule, class T>
void apply_rule(const T& value, bool& is_bounded, const void* source) {
    using Rule = std::remove_const_t<decltype(rule)>;
    if constexpr (!is_named_rule<Rule>) {
        if (!rule(value))
            throw_violation(describe(value), show(value), "lambda", "breaks a rule of the program", source);
    } else {
        if constexpr (requires { Rule::longest; }) {
            if (!is_bounded && std::string_view(value).size() > Rule::longest) {
                throw_violation(describe(value), show(value), Rule::spelling(),
                                "is longer than the 4096 bytes that are matched; put a max_length before the rule",
                                source);
            }
        }
        if (!rule(value)) throw_violation(describe(value), show(value), Rule::spelling(), Rule::demand(), source);
        is_bounded = is_bounded || is_max_length<Rule>;
    }
}

}  // namespace detail

/// More than, at least, less than, at most. Numbers are compared by value, whatever their types.
template <auto bound>
inline constexpr detail::BoundRule<detail::Bound::above, bound> gt{};
template <auto bound>
inline constexpr detail::BoundRule<detail::Bound::from, bound> ge{};
template <auto bound>
inline constexpr detail::BoundRule<detail::Bound::below, bound> lt{};
template <auto bound>
inline constexpr detail::BoundRule<detail::Bound::up_to, bound> le{};
/// A whole number without rest.
template <auto factor>
inline constexpr detail::MultipleRule<factor> multiple_of{};
/// The size of a text, in bytes, or of a container.
template <std::size_t length>
inline constexpr detail::LengthRule<false, length> min_length{};
template <std::size_t length>
inline constexpr detail::LengthRule<true, length> max_length{};
inline constexpr detail::NotEmptyRule not_empty{};
/// The whole text matches an ECMAScript regular expression. Text over 4 KiB is refused unless a `max_length` stands
/// before this rule: matching takes stack for every character.
template <detail::FixedText expression>
inline constexpr detail::PatternRule<expression> matches{};
/// Equal to one of these numbers, enumerators or texts.
template <detail::Constant... choices>
inline constexpr detail::ChoiceRule<choices...> one_of{};
/// What a function without captures accepts; the message says what is wrong with the rest: "must be even".
template <auto predicate, detail::FixedText message>
inline constexpr detail::PredicateRule<predicate, message> check{};

/// A T that keeps `rules`. Made from whatever converts to T; a T that is a number, bool or enum is also read from text:
/// "5", "true", a name of an enum class. Converts to `const T&`.
///
///     int enroll(concur::Valid<int, concur::ge<0>, concur::le<150>> age) { return age + 1; }
///
/// Rules are checked in their order; a lambda that takes `const T&` and returns bool is one, too. What breaks one
/// throws ValidationError with the value and the rule, and in a call or an `init` also the parameter's position, from
/// 1, and the method. A future among the arguments is checked when its value is there, before the method runs: the call
/// fails then. Parameters may be containers of it: `std::vector<Valid<int, ge<0>>>` from a vector of int.
template <class T, auto... rules>
class Valid {
    static constexpr bool is_sound = detail::check_rules<T, rules...>();
    static_assert(is_sound || true);  // looked at when the type is named, not only where one is made

public:
    using value_type = T;

    template <class Given>
        requires(!std::is_same_v<std::remove_cvref_t<Given>, Valid>)
    &&(detail::becomes<T, Given>)Valid(Given&& given) : value_(detail::value_from<T>(std::forward<Given>(given))) {
        if constexpr (is_sound) {
            bool is_bounded = false;
            static_cast<void>(is_bounded);
            (detail::apply_rule<rules>(value_, is_bounded, std::addressof(given)), ...);
        }
    }

    [[nodiscard]] operator const T&() const noexcept { return value_; }
    [[nodiscard]] const T& value() const noexcept { return value_; }
    [[nodiscard]] const T& operator*() const noexcept { return value_; }
    [[nodiscard]] const T* operator->() const noexcept { return std::addressof(value_); }

private:
    T value_;
};

}  // namespace concur
