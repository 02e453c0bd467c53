// What happened, for people; and whether it is what should have happened.
#pragma once

#include <concur/concur.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "page_client.hpp"
#include "page_server.hpp"
#include "site.hpp"

/// Attempts that failed, by reason.
struct Failures {
    int unavailable = 0;  ///< 503
    int too_many = 0;     ///< 429
    int truncated = 0;
    int too_slow = 0;
    int other = 0;

    [[nodiscard]] int all() const { return unavailable + too_many + truncated + too_slow + other; }
};

/// What became of the pages, as the client saw it.
struct ClientRecord {
    /// In the order in which they were asked for.
    std::vector<concur::Outcome<Page>> pages;
    int attempts = 0;
    Failures failures;
    /// What the limit let through.
    std::uint64_t permits = 0;
    std::chrono::steady_clock::duration time{0};
};

void print_report(const ClientRecord& client, const ServerRecord& server);

/// A sentence for each thing that is not as it should be: above all for a page that did not arrive, or arrived changed.
[[nodiscard]] std::vector<std::string> complaints(const Site& site, const ClientRecord& client,
                                                  const ServerRecord& server);
