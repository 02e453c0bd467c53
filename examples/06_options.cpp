// Options as data: on the builder, as defaults, from JSON; and arguments with rules.
#include <concur/concur.hpp>

#include <fmt/core.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

class Account {
public:
    using Amount = concur::Valid<int, concur::gt<0>, concur::le<1'000>>;

    explicit Account(concur::Valid<std::string, concur::not_empty> owner) : owner_{owner} {}
    int deposit(Amount amount) { return balance_ += amount; }

private:
    std::string owner_;
    int balance_ = 0;
};

std::string told(const concur::Proxy<Account>& account) {
    const concur::Settings used = account.settings();  // what all layers resolved to
    return fmt::format("{} in {} mode, stops within {} ms", account.name(), *used.mode, *used.stop_timeout / 1ms);
}

int main() {
    // For all workers to come. What a builder says is stronger.
    concur::set_defaults({.mode = concur::Mode::thread, .stop_timeout = 5s});
    fmt::print("{}\n", told(concur::Worker<Account>::options().init("Ada")));
    fmt::print("{}\n", told(concur::Worker<Account>::options().name("Ben").stop_timeout(1s).init("Ben")));
    {
        // For the workers that this thread makes until the end of the scope.
        concur::ScopedDefaults in_the_caller({.mode = concur::Mode::sync});
        fmt::print("{}\n", told(concur::Worker<Account>::options().init("Cy")));
    }

    // From text: the same names.
    const concur::Settings settings =
        concur::options_from_json(R"({"mode": "thread", "name": "from a file", "stop_timeout": "250ms"})");
    auto account = concur::Worker<Account>::options(settings).init("Dan");
    fmt::print("{}\n", told(account));

    // What is wrong is said in one line, before a worker starts.
    for (const char* text : {R"({"stop_timeot": 1})", R"({"mode": "threat"})", R"({"stop_timeout": 0})"}) {
        try {
            fmt::print("{}\n", told(concur::Worker<Account>::options(concur::options_from_json(text)).init("Eve")));
        } catch (const concur::ConfigError& error) {
            fmt::print("{}\n", error.what());
        }
    }

    // Rules belong to the parameter's type. A call that breaks one throws at once and is never queued; text is read.
    fmt::print("balance {}\n", account.call<&Account::deposit>("20").result());
    try {
        account.call<&Account::deposit>(-5);
    } catch (const concur::ValidationError& error) {
        fmt::print("{}\n", error.what());
    }
}
/* expected output
Account in thread mode, stops within 5000 ms
Ben in thread mode, stops within 1000 ms
Account in sync mode, stops within 5000 ms
from a file in thread mode, stops within 250 ms
stop_timeot: unknown option; did you mean "stop_timeout"?
mode: unknown "threat"; known: sync, thread, process, asio, ray
stop_timeout: 0 s is not allowed; more than 0
balance 20
Account::deposit, argument 1: -5 must be more than 0
*/
