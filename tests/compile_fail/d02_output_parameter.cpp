// id: D2
// expect: this parameter is a non-const reference
// expect: results come back by value
// expect: Method<&Reader::read>
// expect: Position<2>

#include <concur/concur.hpp>
#include <string>

struct Reader {
    bool read(int line, std::string& into) { return into.assign("line").size() > static_cast<std::size_t>(line); }
};

void use(const concur::Proxy<Reader>& reader) {
    std::string text;
    concur::Future<bool> found = reader.call<&Reader::read>(1, text);
}
