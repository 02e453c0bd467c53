// What happens next, without a thread that waits for it: then, recover, on_done; and a future's other end.
#include <concur/concur.hpp>

#include <fmt/core.h>

#include <stdexcept>
#include <string>

struct Catalogue {
    int price(const std::string& item) const {
        if (item == "yacht") throw std::invalid_argument("we have no yacht");
        return static_cast<int>(item.size()) * 10;
    }
};

int main() {
    auto catalogue = concur::Worker<Catalogue>::options().mode("thread").init();
    const auto price = [&](const char* item) { return catalogue.call<&Catalogue::price>(item); };

    // A chain runs where the result appears, and ends in a future of its own.
    fmt::print("{}\n", price("chair")
                           .then([](int cents) { return cents * 2; })
                           .then([](int cents) { return "two for " + std::to_string(cents); })
                           .result());

    // A failure skips what wants a value, until somebody takes it by its type.
    concur::Future<int> checked = price("yacht").then([](int cents) { return cents + 1; });
    fmt::print("{}\n", checked.recover([](const std::invalid_argument&) { return -1; }).result());

    // Value or failure, as one thing to look at.
    const auto outcome =
        price("yacht").then([](const concur::Outcome<int>& how) { return how ? "for sale" : "not for sale"; });
    fmt::print("{}\n", outcome.result());

    // A continuation that makes another call: the future of a future is a future.
    fmt::print("{}\n", price("table").then([&](int) { return price("bench"); }).result());

    // A callback has no result. A promise is a future's other end.
    concur::Promise<std::string> note;
    price("lamp").on_done(
        [&note](const concur::Future<int>& future) { note.set_value(fmt::format("lamp {}", future.result())); });
    fmt::print("{}\n", note.future().result());
}
/* expected output
two for 100
-1
not for sale
50
lamp 40
*/
