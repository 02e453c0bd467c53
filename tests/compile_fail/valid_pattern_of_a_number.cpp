// id: W40
// expect: matches<"..."> is for texts

#include <concur/concur.hpp>

int add(const concur::Valid<int, concur::matches<"[0-9]+">>& amount) { return *amount; }
