// id: W40
// expect: the bound of gt, ge, lt or le cannot be compared with the type of its Valid<T, ...>
// expect: Expected<std::

#include <concur/concur.hpp>
#include <string>

void use(concur::Valid<std::string, concur::ge<0>> text);
std::size_t size(const concur::Valid<std::string, concur::ge<0>>& text) { return text->size(); }
