// id: F32
// expect: when_all_outcomes() takes several futures, or one structure with futures in it
// expect: Given<int

#include <concur/concur.hpp>

void use() { auto values = concur::when_all_outcomes(1, 2); }
