// id: F31
// expect: outcomes have no order; put the futures into a std::vector
// expect: std::set<

#include <concur/concur.hpp>
#include <map>
#include <set>

void use(const std::map<int, std::set<concur::Future<int>>>& sets) { auto outcomes = concur::gather_outcomes(sets); }
