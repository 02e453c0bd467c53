#include "page_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <thread>
#include <utility>

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using net::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Response whole_response(http::status status, std::string body) {
    Response response(status, 11);
    response.set(http::field::content_type, "text/plain");
    response.body() = std::move(body);
    response.prepare_payload();
    return response;
}

/// HTTP knows whole seconds only, and dates. Services that mean less, Azure's for one, say the milliseconds beside it:
/// who does not know that header comes back later than necessary, never too early.
Response too_many_requests(std::chrono::milliseconds retry_after) {
    Response response = whole_response(http::status::too_many_requests, "slow down\n");
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(retry_after);
    response.set(http::field::retry_after, std::to_string(seconds.count()));
    if (seconds != retry_after) response.set("Retry-After-Ms", std::to_string(retry_after.count()));
    return response;
}

/// Promises all of the content, and has half of it.
Response truncated_response(std::string content) {
    Response response = whole_response(http::status::ok, std::move(content));
    response.body().resize(response.body().size() / 2);
    return response;
}

Response response_for(const Behaviour& behaviour, std::string content) {
    switch (behaviour.answer) {
        case Answer::unavailable:
            return whole_response(http::status::service_unavailable, "try again\n");
        case Answer::too_many:
            return too_many_requests(behaviour.retry_after);
        case Answer::truncated:
            return truncated_response(std::move(content));
        case Answer::page:
        case Answer::silence:
            break;
    }
    return whole_response(http::status::ok, std::move(content));
}

/// The most times that lie within one second; they are sorted.
int busiest_second(const std::vector<Clock::time_point>& times) {
    std::ptrdiff_t most = 0;
    auto first = times.begin();
    for (auto last = times.begin(); last != times.end(); ++last) {
        while (*last - *first >= std::chrono::seconds(1)) ++first;
        most = std::max(most, last - first + 1);
    }
    return static_cast<int>(most);
}

}  // namespace

/// All of it runs on the one thread of its loop; `stop` reads when that has ended.
class PageServer::Service {
public:
    explicit Service(const Site& site) : site_{site} {
        record_.pages.resize(static_cast<std::size_t>(site.pages()));
        net::co_spawn(loop_, accept(), net::detached);
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~Service() {
        loop_.stop();
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    ServerRecord stop() {
        loop_.stop();
        thread_.join();
        record_.requests = static_cast<int>(request_times_.size());
        record_.busiest_second = busiest_second(request_times_);
        return std::move(record_);
    }

private:
    net::awaitable<void> accept() {
        for (;;) {
            tcp::socket socket = co_await acceptor_.async_accept(net::use_awaitable);
            ++record_.connections;
            net::co_spawn(loop_, serve(std::move(socket)), net::detached);
        }
    }

    net::awaitable<void> serve(tcp::socket socket) {
        beast::flat_buffer received;
        try {
            for (bool open = true; open;) {
                Request request;
                co_await http::async_read(socket, received, request, net::use_awaitable);
                open = co_await answer(socket, request);
            }
        } catch (const boost::system::system_error&) {
            // The client has hung up.
        }
    }

    /// False if the connection ends with the answer.
    net::awaitable<bool> answer(tcp::socket& socket, const Request& request) {
        const int page = site_.page_at(request.target());
        if (page < 0) {
            const Response response = whole_response(http::status::not_found, "no such page\n");
            co_await http::async_write(socket, response, net::use_awaitable);
            co_return true;
        }
        const Behaviour behaviour = note_request(page);
        net::steady_timer latency(loop_, behaviour.latency);
        co_await latency.async_wait(net::use_awaitable);
        note_answer(page, behaviour);
        const Response response = response_for(behaviour, site_.content(page));
        co_await http::async_write(socket, response, net::use_awaitable);
        co_return behaviour.answer != Answer::truncated;
    }

    Behaviour note_request(int page) {
        const auto now = Clock::now();
        request_times_.push_back(now);
        PageRecord& record = record_.pages[static_cast<std::size_t>(page)];
        if (++record.requests == 1) record.first_request = now;
        if (now < record.not_before) ++record_.too_early;
        const Behaviour behaviour = site_.behaviour(page, record.requests);
        ++of(record_.answers, behaviour.answer);
        return behaviour;
    }
    /// Before the answer goes out: once the client has it, nobody waits for more to be noted.
    void note_answer(int page, const Behaviour& behaviour) {
        const auto now = Clock::now();
        PageRecord& record = record_.pages[static_cast<std::size_t>(page)];
        if (behaviour.answer == Answer::too_many) record.not_before = now + behaviour.retry_after;
        if (behaviour.answer == Answer::page && !record.sent) record.sent = now;
    }

    Site site_;
    ServerRecord record_;
    std::vector<Clock::time_point> request_times_;
    net::io_context loop_{1};
    tcp::acceptor acceptor_{loop_, tcp::endpoint(net::ip::address_v4::loopback(), 0)};
    const std::uint16_t port_ = acceptor_.local_endpoint().port();
    std::thread thread_;
};

PageServer::PageServer(const Site& site) : service_{std::make_unique<Service>(site)} {}
PageServer::~PageServer() = default;

std::uint16_t PageServer::port() const { return service_->port(); }
ServerRecord PageServer::stop() { return service_->stop(); }
