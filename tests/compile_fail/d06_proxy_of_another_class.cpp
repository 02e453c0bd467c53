// id: D6
// expect: this argument does not convert to the parameter at its position
// expect: Method<&Sums::take>
// expect: Given<concur::Proxy<Other
// expect: Expected<concur::Proxy<Sums

#include <concur/concur.hpp>

struct Other {};
struct Sums {
    int take(concur::Proxy<Sums> other) { return other.stopped() ? 1 : 0; }
};

void use(const concur::Proxy<Sums>& sums, concur::Proxy<Other> other) {
    concur::Future<int> taken = sums.call<&Sums::take>(std::move(other));
}
