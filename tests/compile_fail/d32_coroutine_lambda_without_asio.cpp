// id: D32
// expect: this method is a coroutine, which needs Asio; #include <concur/asio.hpp>
// expect: Function<
// expect: boost::asio::awaitable<int

#include <boost/asio/any_io_executor.hpp>
#include <concur/concur.hpp>

struct Client {};

// Asio included after concur, and only declared by it.
#include <boost/asio/awaitable.hpp>

void use(const concur::Proxy<Client>& client, boost::asio::awaitable<int> (*fetch)(Client&, int)) {
    auto fetched = client.call(fetch, 1);
}
