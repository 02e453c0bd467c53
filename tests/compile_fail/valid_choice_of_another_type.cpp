// id: W40
// expect: one_of<...> needs values that can be compared with the type of its Valid<T, ...>

#include <concur/concur.hpp>

int add(const concur::Valid<int, concur::ge<0>, concur::one_of<"a", "b">>& amount) { return *amount; }
