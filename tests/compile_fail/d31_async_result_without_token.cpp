// id: D31
// expect: #include <concur/asio.hpp>
// expect: async_result()

#include <concur/concur.hpp>

void use(const concur::Future<int>& future) { future.async_result(); }
