// id: W40
// expect: the predicate of check<predicate, "message"> takes the value and returns bool
// expect: Expected<std::

#include <concur/concur.hpp>
#include <string>

std::size_t size(const concur::Valid<std::string, concur::check<[](int) { return true; }, "must be">>& text) {
    return text->size();
}
