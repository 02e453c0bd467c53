// id: W40
// expect: Valid<T, ...> holds a value; name its type without const, reference or array bounds

#include <concur/concur.hpp>
#include <string>

std::size_t size(const concur::Valid<const std::string, concur::not_empty>& text) { return text->size(); }
