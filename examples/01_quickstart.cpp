// A plain class becomes a worker: call it, get futures, get its exceptions, stop it.
#include <concur/concur.hpp>

#include <fmt/core.h>

#include <stdexcept>

class Account {  // any class: no base class, no macro, no thread in sight
public:
    explicit Account(int balance) : balance_{balance} {}

    int deposit(int amount) { return balance_ += amount; }
    int withdraw(int amount) {
        if (amount > balance_) throw std::domain_error("not enough money");
        return balance_ -= amount;
    }

private:
    int balance_;
};

int main() {
    // The object is built on a thread of its own; with "sync" the same program runs it in the caller.
    auto account = concur::Worker<Account>::options().mode("thread").init(100);

    concur::Future<int> first = account.call<&Account::deposit>(20);  // returns at once
    concur::Future<int> second = account.call<&Account::withdraw>(50);
    fmt::print("{} {}\n", first.result(), second.result());

    try {
        account.call<&Account::withdraw>(1000).result();
    } catch (const std::domain_error& error) {  // thrown on the worker's thread, caught here
        fmt::print("{}\n", error.what());
    }

    account.stop();  // finishes what is queued; so does the last handle when it goes away
    try {
        account.call<&Account::deposit>(1);
    } catch (const concur::WorkerStoppedError& error) {
        fmt::print("{}\n", error.what());
    }
}
/* expected output
120 70
not enough money
Account::deposit was not called: the worker Account has been stopped
*/
