// id: W40
// expect: multiple_of<n> is for whole numbers, and n is one above zero or below

#include <concur/concur.hpp>

int add(const concur::Valid<int, concur::multiple_of<0>>& amount) { return *amount; }
