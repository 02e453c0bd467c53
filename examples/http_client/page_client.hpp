// A client of a web server, as one would write it without thinking of retries, limits or threads.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

struct Page {
    std::string path;
    std::string body;
};

/// The server answered with a status other than 200.
class HttpError : public std::runtime_error {
public:
    HttpError(const std::string& path, unsigned status, std::optional<std::chrono::milliseconds> retry_after);

    [[nodiscard]] unsigned status() const { return status_; }
    /// How long the server asks to wait before the next request.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }

private:
    unsigned status_;
    std::optional<std::chrono::milliseconds> retry_after_;
};

/// The connection ended before the body did.
class TruncatedBody : public std::runtime_error {
public:
    explicit TruncatedBody(const std::string& path);
};

/// Several fetches may be under way at once, but their steps must not run at the same time: it has no locks. Sockets
/// belong to the executor of the coroutine that opened them, so all fetches have to be on the same one.
class PageClient {
public:
    PageClient(std::string address, std::uint16_t port);
    ~PageClient();

    /// The page at a path, by one request, over a connection that is kept for the next one. Throws HttpError,
    /// TruncatedBody, and boost::system::system_error if the connection fails; with operation_aborted when it is
    /// cancelled, and then the connection is closed.
    boost::asio::awaitable<Page> fetch(std::string path);

private:
    struct Connection;

    boost::asio::awaitable<std::unique_ptr<Connection>> connection();

    std::string address_;
    std::uint16_t port_;
    std::vector<std::unique_ptr<Connection>> idle_;
};
