/// What a builder has been told: the values of options, and texts that are none.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "concur/backend/settings.hpp"
#include "concur/worker/option_name.hpp"

namespace concur::detail {

struct OptionValues {
    // Defined out of line: one copy serves every setter of every builder.
    OptionValues() noexcept;
    OptionValues(const OptionValues&);
    OptionValues(OptionValues&&) noexcept;
    OptionValues& operator=(const OptionValues&);
    OptionValues& operator=(OptionValues&&) noexcept;
    ~OptionValues();

    /// An option that was given a text which is none of its values: who resolves the options will say so.
    struct Unreadable {
        std::string_view option;
        std::string problem;
    };

    Settings settings;
    std::vector<Unreadable> unreadable;

    void set_text(std::string_view option, std::string_view text);
    /// The option gets another value.
    void forget_text(std::string_view option) noexcept;
    /// What the other one was told replaces what is here.
    void take(const OptionValues& later);
};

/// The text of an option. No string_view, which a 0 would convert to.
class OptionText {
public:
    template <class Text>
        requires std::is_convertible_v<const Text&, std::string_view> OptionText(const Text& text) : text_{text} {}
        [[nodiscard]] std::string_view view() const noexcept { return text_; }

    private:
        std::string_view text_;
};

}  // namespace concur::detail
