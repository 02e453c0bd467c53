// id: D24
// expect: this result can be neither moved nor copied to the caller
// expect: Method<&Maker::make>
// expect: Returned<Pinned>

#include <concur/concur.hpp>

struct Pinned {
    Pinned() = default;
    Pinned(const Pinned&) = delete;
};
struct Maker {
    Pinned make() { return {}; }
};

void use(const concur::Proxy<Maker>& maker) { auto made = maker.call<&Maker::make>(); }
