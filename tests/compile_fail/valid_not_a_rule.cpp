// id: W40
// expect: a rule of Valid<T, ...> is ge<0>, not_empty and the like, or a lambda
// expect: Given<int>

#include <concur/concur.hpp>

int add(const concur::Valid<int, 150>& amount) { return *amount; }
