// id: D32
// expect: needs Asio
// expect: #include <concur/asio.hpp>

#include <concur/concur.hpp>

boost::asio::awaitable<int, int> task(int x);

void use(const concur::TaskProxy<>& tasks) { int result = tasks.submit(task, 1).result(); }
