#include "report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <exception>

namespace {

double seconds(std::chrono::steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

int arrived(const ClientRecord& client) {
    return static_cast<int>(std::count_if(client.pages.begin(), client.pages.end(),
                                          [](const concur::Outcome<Page>& page) { return page.has_value(); }));
}

void print_row(const char* what, int server, int client) { fmt::print("{:<20} {:>8} {:>8}\n", what, server, client); }

void print_counts(const ClientRecord& client, const ServerRecord& server) {
    fmt::print("{:<20} {:>8} {:>8}\n", "", "server", "client");
    print_row("requests, attempts", server.requests, client.attempts);
    print_row("  503", of(server.answers, Answer::unavailable), client.failures.unavailable);
    print_row("  429", of(server.answers, Answer::too_many), client.failures.too_many);
    print_row("  truncated body", of(server.answers, Answer::truncated), client.failures.truncated);
    print_row("  no answer in time", of(server.answers, Answer::silence), client.failures.too_slow);
    if (client.failures.other > 0) print_row("  other failures", 0, client.failures.other);
    print_row("  whole page", of(server.answers, Answer::page), arrived(client));
}

void print_times(const ServerRecord& server) {
    std::vector<double> times;
    for (const PageRecord& page : server.pages)
        if (page.sent) times.push_back(seconds(*page.sent - page.first_request));
    if (times.empty()) return;
    std::sort(times.begin(), times.end());
    // The shortest time that was enough for this share of the pages.
    const auto percentile = [&times](double share) {
        const auto enough = static_cast<std::size_t>(std::ceil(share * static_cast<double>(times.size())));
        return 1000 * times[enough - 1];
    };
    fmt::print("\na page took p50 {:.0f} ms, p90 {:.0f} ms, p99 {:.0f} ms, from its first request to its last answer\n",
               percentile(0.5), percentile(0.9), percentile(0.99));
}

std::string message_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        return exception.what();
    }
}

/// Page by page, in the order in which they were asked for: who has all of them has each once.
void check_pages(const Site& site, const ClientRecord& client, std::vector<std::string>& complaints) {
    for (int number = 0; number < site.pages(); ++number) {
        const concur::Outcome<Page>& outcome = client.pages[static_cast<std::size_t>(number)];
        const std::string path = Site::path(number);
        if (!outcome)
            complaints.push_back(fmt::format("{} did not arrive: {}", path, message_of(outcome.error())));
        else if (outcome.value().path != path)
            complaints.push_back(fmt::format("{} arrived instead of {}", outcome.value().path, path));
        else if (outcome.value().body != site.content(number))
            complaints.push_back(fmt::format("{} differs from what the server has", path));
    }
}

/// On a machine that is busy enough an answer may come too late to be seen. Nothing else may be different on both
/// sides.
void check_counts(const ClientRecord& client, const ServerRecord& server, std::vector<std::string>& complaints) {
    const auto check = [&complaints](bool holds, const char* complaint) {
        if (!holds) complaints.emplace_back(complaint);
    };
    const Failures& failures = client.failures;
    const int unseen_503 = of(server.answers, Answer::unavailable) - failures.unavailable;
    const int unseen_429 = of(server.answers, Answer::too_many) - failures.too_many;
    const int unseen_truncated = of(server.answers, Answer::truncated) - failures.truncated;
    const int unseen_pages = of(server.answers, Answer::page) - arrived(client);
    check(client.attempts == arrived(client) + failures.all(), "attempts, failures and pages do not add up");
    check(client.permits == static_cast<std::uint64_t>(client.attempts), "not one permit for each attempt");
    check(server.requests <= client.attempts, "the server had more requests than there were attempts");
    check(unseen_503 >= 0 && unseen_429 >= 0 && unseen_truncated >= 0, "the server knows nothing of some failures");
    check(unseen_pages >= 0 && unseen_pages <= failures.too_slow, "a page was fetched again without need");
    check(server.too_early <= unseen_429, "a request came before the time that the server had named");
}

}  // namespace

void print_report(const ClientRecord& client, const ServerRecord& server) {
    print_counts(client, server);
    print_times(server);
    fmt::print("{} pages in {:.2f} s, {:.0f} a second, over {} connections; {} requests in the busiest second\n",
               arrived(client), seconds(client.time), arrived(client) / seconds(client.time), server.connections,
               server.busiest_second);
}

std::vector<std::string> complaints(const Site& site, const ClientRecord& client, const ServerRecord& server) {
    std::vector<std::string> complaints;
    check_pages(site, client, complaints);
    check_counts(client, server, complaints);
    return complaints;
}
