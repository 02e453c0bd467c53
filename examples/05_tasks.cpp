// Functions without a class: submit, map, and a worker that is bound to one function.
#include <concur/concur.hpp>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

int power(int base, int exponent) {
    int result = 1;
    while (exponent-- > 0) result *= base;
    return result;
}

struct Account {
    int deposit(int amount, int fee = 1) { return balance += amount - fee; }
    int balance = 0;

    // Two more calls of this object, behind whatever is queued; the call ends when they have.
    concur::Future<int> deposit_twice(int amount) {
        concur::this_worker::call<&Account::deposit>(amount, 0);
        return concur::this_worker::call<&Account::deposit>(amount, 0);
    }
};

// Methods by name, on every proxy of an Account.
CONCUR_PROXY(Account, deposit, deposit_twice, balance)

int main() {
    auto tasks = concur::TaskWorker::options().mode("thread").init();

    // Anything that can be called; futures among the arguments are replaced by their values.
    auto cube = tasks.submit(power, 3, 3);
    auto sum = tasks.submit([](int a, int b) { return a + b; }, cube, 100);
    fmt::print("cube {}, sum {}\n", cube.result(), sum.result());

    // map() gives results in the order of the input, while the worker is at most `buffer` elements ahead.
    const std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const auto square = [](int x) { return x * x; };
    fmt::print("squares {}\n", tasks.map(square, numbers, {.chunk = 3}).collect());

    // It draws only what it needs: the range may be endless, and a failure has its place.
    const auto careful = [](int x) {
        if (x == 4) throw std::domain_error("4 is too much");
        return x;
    };
    try {
        for (int value : tasks.map(careful, std::views::iota(1))) fmt::print("{} ", value);
    } catch (const std::domain_error& error) {
        fmt::print("and then: {}\n", error.what());
    }

    // Several ranges run in step.
    const std::vector<std::string> names{"a", "b", "c"};
    const auto label = [](const std::string& name, int n) { return name + std::to_string(n); };
    fmt::print("{}\n", fmt::join(tasks.map(label, names, numbers).collect(), " "));

    // A worker bound to one function is called like it.
    auto squares = concur::TaskWorker::options().mode("thread").init(square);
    concur::BoundTask<int(int)> same = squares;  // whatever the function's type
    fmt::print("bound {} {}\n", squares(12).result(), same(3).result());

    auto account = concur::Worker<Account>::options().mode("thread").init();
    account.deposit(11).result();  // the fee has its default
    account.deposit_twice(20).result();
    fmt::print("balance {}\n", account.balance().result());
}
/* expected output
cube 27, sum 127
squares [1, 4, 9, 16, 25, 36, 49, 64, 81, 100]
1 2 3 and then: 4 is too much
a1 b2 c3
bound 144 9
balance 50
*/
