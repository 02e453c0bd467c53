// id: D31
// expect: #include <concur/asio.hpp>
// expect: async_result()

#include <concur/concur.hpp>

struct Token {};

void use(const concur::Future<int>& future) { auto value = future.async_result(Token()); }
