// A web server that behaves as badly as its Site says.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "site.hpp"

/// What became of one page, as the server saw it.
struct PageRecord {
    using Time = std::chrono::steady_clock::time_point;

    int requests = 0;
    Time first_request;
    /// What the last 429 named.
    Time not_before;
    /// When the whole page was first on its way; nothing before that.
    std::optional<Time> sent;
};

struct ServerRecord {
    AnswerCounts answers{};
    int requests = 0;
    int connections = 0;
    /// Requests that came before the time that a 429 had named.
    int too_early = 0;
    /// The most requests within one second.
    int busiest_second = 0;
    std::vector<PageRecord> pages;
};

/// Serves on a free port of 127.0.0.1, on a thread of its own, from construction on.
class PageServer {
public:
    explicit PageServer(const Site& site);
    ~PageServer();

    [[nodiscard]] std::uint16_t port() const;
    /// Ends it, and tells what happened. Requests that are open are dropped. Once only.
    [[nodiscard]] ServerRecord stop();

private:
    class Service;
    std::unique_ptr<Service> service_;
};
