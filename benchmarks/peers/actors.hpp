/// Many actors on the threads of one scheduler, written as users of their library would write them. Each is a `Counter`
/// that gets `add(1)`.
#pragma once

#include <memory>

namespace bench {

class Actors {
public:
    virtual ~Actors() = default;

    /// Asks each of them once, then collects the values. Returns the sum.
    virtual long ask_each() = 0;
    /// Sends each of them one message without an answer; returns when all have had theirs.
    virtual void tell_each() = 0;
};

/// Null if CAF was not found.
[[nodiscard]] std::unique_ptr<Actors> make_caf_actors(int count);

}  // namespace bench
