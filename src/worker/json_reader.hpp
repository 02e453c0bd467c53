/// Reads a flat JSON object: keys with values that are no objects or arrays themselves.
#pragma once

#include <string>
#include <string_view>

namespace concur::detail {

class JsonMembers {
public:
    /// Gets each member; `value` without quotes and escapes if it `is_string`, else as it was written.
    virtual void member(const std::string& key, const std::string& value, bool is_string) = 0;
    /// A value that is an object or an array.
    virtual void nested(const std::string& key) = 0;

protected:
    ~JsonMembers() = default;
};

/// Throws ConfigError with line and column for text that is no JSON object, and what `members` throws.
void read_json(std::string_view text, JsonMembers& members);

}  // namespace concur::detail
