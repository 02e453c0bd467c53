#include "page_client.hpp"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <charconv>
#include <string_view>
#include <utility>

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using net::ip::tcp;

namespace {

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

/// More would be a mistake, or an attack. An hour is also far from where the arithmetic of times ends.
constexpr unsigned longest_wait_in_seconds = 3600;

/// The number that all of the text is, if it is one.
std::optional<unsigned> number(std::string_view text, unsigned most) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

/// Milliseconds if the server says them, else whole seconds. A date, the third form, is taken for no hint.
std::optional<std::chrono::milliseconds> retry_after(const Response& response) {
    if (const auto milliseconds = number(response["Retry-After-Ms"], 1000 * longest_wait_in_seconds))
        return std::chrono::milliseconds(*milliseconds);
    if (const auto seconds = number(response[http::field::retry_after], longest_wait_in_seconds))
        return std::chrono::seconds(*seconds);
    return std::nullopt;
}

}  // namespace

HttpError::HttpError(const std::string& path, unsigned status, std::optional<std::chrono::milliseconds> retry_after)
    : std::runtime_error(fmt::format("{}: status {}", path, status)), status_{status}, retry_after_{retry_after} {}

TruncatedBody::TruncatedBody(const std::string& path)
    : std::runtime_error(fmt::format("{}: the connection ended before the body did", path)) {}

struct PageClient::Connection {
    explicit Connection(const net::any_io_executor& executor) : socket{executor} {}

    tcp::socket socket;
    beast::flat_buffer received;
};

PageClient::PageClient(std::string address, std::uint16_t port) : address_{std::move(address)}, port_{port} {}
PageClient::~PageClient() = default;

net::awaitable<Page> PageClient::fetch(std::string path) {
    // Nobody else has it. An exception on the way closes it.
    std::unique_ptr<Connection> used = co_await connection();

    Request request(http::verb::get, path, 11);
    request.set(http::field::host, address_);
    co_await http::async_write(used->socket, request, net::use_awaitable);

    Response response;
    boost::system::error_code error;
    co_await http::async_read(used->socket, used->received, response, net::redirect_error(net::use_awaitable, error));
    if (error == http::error::partial_message) throw TruncatedBody(path);
    if (error) throw boost::system::system_error(error);

    if (response.keep_alive()) idle_.push_back(std::move(used));
    if (response.result() != http::status::ok) throw HttpError(path, response.result_int(), retry_after(response));
    Page page{std::move(path), std::move(response.body())};
    co_return page;
}

net::awaitable<std::unique_ptr<PageClient::Connection>> PageClient::connection() {
    if (!idle_.empty()) {
        auto idle = std::move(idle_.back());
        idle_.pop_back();
        co_return idle;
    }
    auto opened = std::make_unique<Connection>(co_await net::this_coro::executor);
    const tcp::endpoint server(net::ip::make_address(address_), port_);
    co_await opened->socket.async_connect(server, net::use_awaitable);
    opened->socket.set_option(tcp::no_delay(true));
    co_return opened;
}
