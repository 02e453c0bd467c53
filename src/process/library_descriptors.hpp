/// The descriptors that only this process may have: a forked child closes them at once.
#pragma once

namespace concur::detail::process {

/// A child that kept the parent's end of another worker's socket would hide the parent's death from that one.
void close_in_children(int descriptor);
/// Before it is closed here.
void forget_descriptor(int descriptor) noexcept;

}  // namespace concur::detail::process
