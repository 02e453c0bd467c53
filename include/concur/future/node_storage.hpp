/// Memory for many continuations at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace concur::detail {

/// Room for a number of nodes, one allocation for all. The owner makes each when it needs it, so that a million are
/// written once; none is destroyed.
template <class Node>
class NodeStorage {
public:
    explicit NodeStorage(std::size_t count) : memory_{std::allocator<Node>().allocate(count)}, count_{count} {
        static_assert(std::is_trivially_destructible_v<Node>);
    }
    NodeStorage(const NodeStorage&) = delete;
    NodeStorage& operator=(const NodeStorage&) = delete;
    ~NodeStorage() { std::allocator<Node>().deallocate(memory_, count_); }

    template <class... A>
    Node& make(std::size_t index, A&&... arguments) noexcept {
        return *::new (static_cast<void*>(memory_ + index)) Node(std::forward<A>(arguments)...);
    }
    [[nodiscard]] Node& operator[](std::size_t index) noexcept { return memory_[index]; }
    [[nodiscard]] bool holds(const Node& node) const noexcept {
        return reinterpret_cast<std::uintptr_t>(&node) - reinterpret_cast<std::uintptr_t>(memory_) <
               count_ * sizeof(Node);
    }
    [[nodiscard]] std::size_t index_of(const Node& node) const noexcept {
        return static_cast<std::size_t>(&node - memory_);
    }

private:
    Node* const memory_;
    const std::size_t count_;
};

}  // namespace concur::detail
