// id: D2
// expect: this parameter is a non-const reference
// expect: results come back by value
// expect: Method<&Reader::read>
// expect: Position<1>

#include <concur/concur.hpp>

#include <string>

struct Reader {
    bool read(std::string& line);
};
CONCUR_PROXY(Reader, read)

void use(const concur::Proxy<Reader>& reader) { reader.read("line"); }
