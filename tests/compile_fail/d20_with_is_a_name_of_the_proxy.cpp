// id: D20
// expect: with_key is a name of the proxy itself
// expect: call<&app::Box::with_key>

#include <concur/concur.hpp>

namespace app {
struct Box {
    void with_key(int) {}
};
}  // namespace app
CONCUR_PROXY(app::Box, with_key)

void use(const concur::Proxy<app::Box>& box) { box.with_key(3); }
