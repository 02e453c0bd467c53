// id: D32
// expect: this method is a coroutine, which needs Asio; #include <concur/asio.hpp>
// expect: Method<&Client::fetch>
// expect: boost::asio::awaitable<int

#include <boost/asio/awaitable.hpp>
#include <concur/concur.hpp>

struct Client {
    boost::asio::awaitable<int> fetch(int id);
};

void use(const concur::Proxy<Client>& client) { auto fetched = client.call<&Client::fetch>(1); }
