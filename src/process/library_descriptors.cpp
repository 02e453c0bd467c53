#include "process/library_descriptors.hpp"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "core/process_wide.hpp"

namespace concur::detail::process {
namespace {

struct List {
    List() = default;
    // After any fork, the application's, too: there they are of no use to anybody.
    List(InForkedChild, const List& of_parent) {
        for (const int descriptor : of_parent.descriptors) ::close(descriptor);
    }
    List(List&& other) noexcept : descriptors{std::move(other.descriptors)} {}

    std::mutex mutex;
    std::vector<int> descriptors;
};

}  // namespace

void close_in_children(int descriptor) {
    List& list = ProcessWide<List>::get();
    const std::lock_guard lock(list.mutex);
    list.descriptors.push_back(descriptor);
}

void forget_descriptor(int descriptor) noexcept {
    List& list = ProcessWide<List>::get();
    const std::lock_guard lock(list.mutex);
    std::erase(list.descriptors, descriptor);
}

}  // namespace concur::detail::process
