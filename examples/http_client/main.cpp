// Fetches some hundred pages from a web server that fails in every way it can, and proves that each arrived once.
//
// PageClient is a plain class with a coroutine method: it makes one request, and throws if that fails. What is worth
// another attempt and when, how many requests a second are allowed, and when it has to be over is said once, below. The
// fetches overlap on one strand, so the class needs no locks, and none of the waits takes a thread.
#include <concur/asio.hpp>
#include <concur/concur.hpp>

#include <fmt/core.h>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "page_client.hpp"
#include "page_server.hpp"
#include "report.hpp"
#include "site.hpp"

using namespace std::chrono_literals;

namespace {

/// Whether the server may well answer otherwise next time. Counts.
bool is_temporary(const HttpError& error, Failures& failures) {
    switch (error.status()) {
        case 503:
            ++failures.unavailable;
            return true;
        case 429:
            ++failures.too_many;
            return true;
        default:
            ++failures.other;
            return false;
    }
}

/// What is worth another attempt. Each filter is asked once for every attempt that failed in its way, on the worker's
/// strand: so they can count.
concur::RetryPolicy policy(Failures& failures) {
    return concur::RetryPolicy()
        .retry_wait(20ms)
        .retry_max_wait(1s)
        .retry_on([&failures](const HttpError& error) { return is_temporary(error, failures); })
        .retry_on([&failures](const TruncatedBody&) {
            ++failures.truncated;
            return true;
        })
        .retry_on([&failures](const concur::TimeoutError&) {  // of one attempt; that of the call is final
            ++failures.too_slow;
            return true;
        })
        .retry_on([&failures](const boost::system::system_error&) {
            ++failures.other;
            return true;
        })
        .retry_after([](const HttpError& error) -> std::optional<concur::Duration> { return error.retry_after(); });
}

ClientRecord fetch_all(const Site& site, std::uint16_t port, int retries) {
    ClientRecord record;
    const auto begin = std::chrono::steady_clock::now();
    // What the server allows: 400 requests a second, and 20 at once after a rest.
    concur::LimitSet limits(
        {concur::RateLimit("requests", 400, 1s, concur::RateAlgorithm::token_bucket, {.burst = 20})});

    const auto client = concur::Worker<PageClient>::options()
                            .mode(concur::asio)
                            .max_concurrent_calls(32)
                            .limits(limits)
                            .retry(policy(record.failures))
                            .num_retries(retries)
                            .attempt_timeout(1s)
                            .call_timeout(60s)
                            .method<&PageClient::fetch>([](auto& m) { m.acquires("requests"); })
                            .init("127.0.0.1", port);

    std::vector<concur::Future<Page>> pages;
    for (int page = 0; page < site.pages(); ++page) pages.push_back(client.call<&PageClient::fetch>(Site::path(page)));
    record.pages = concur::gather_outcomes(pages, {.progress = "fetching"});

    record.time = std::chrono::steady_clock::now() - begin;
    for (const concur::Future<Page>& page : pages) record.attempts += page.attempts();
    record.permits = limits.stats("requests").granted;
    return record;
}

int run(const CommandLine& command_line) {
    const Site site(command_line.pages, command_line.seed);
    PageServer server(site);
    const ClientRecord client = fetch_all(site, server.port(), command_line.retries);
    const ServerRecord served = server.stop();

    print_report(client, served);
    const std::vector<std::string> wrong = complaints(site, client, served);
    for (const std::string& complaint : wrong) fmt::print("wrong: {}\n", complaint);
    if (wrong.empty()) fmt::print("every page arrived once, as the server has it\n");
    return wrong.empty() ? 0 : 1;
}

int complain(const char* problem, int status) {
    fmt::print(stderr, "http_client: {}\n", problem);
    return status;
}

}  // namespace

int main(int argc, char** argv) try {
    const CommandLine command_line = parse_command_line(argc, argv);
    if (command_line.help) {
        fmt::print("{}", help_text);
        return 0;
    }
    return run(command_line);
} catch (const UsageError& error) {
    return complain(error.what(), 2);
} catch (const std::exception& error) {
    return complain(error.what(), 1);
}
