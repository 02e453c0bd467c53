// A test of your own code, without the object, without the waits, without luck.
#include <concur/concur.hpp>
#include <concur/testing.hpp>

#include <fmt/core.h>
#include <chrono>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

// What the program uses, and a test cannot: every call is a request to somewhere.
class Weather {
public:
    explicit Weather(const std::string& url);
    virtual ~Weather() = default;
    virtual double temperature(const std::string& city) = 0;
};

// The code under test: asks once more, and gives up after 5 s.
std::string report(const concur::Proxy<Weather>& weather, const std::string& city) {
    for (int i = 0; i < 2; ++i) {
        try {
            return fmt::format("{}: {:.1f} degrees", city, weather.call<&Weather::temperature>(city).result(5s));
        } catch (const concur::TimeoutError&) {
            return city + ": no answer in time";
        } catch (const std::runtime_error&) {
        }
    }
    return city + ": unknown";
}

struct Thermometer {
    int read(concur::CallContext& context) {
        static_cast<void>(context.stop_token().wait_for(1h));  // one value an hour
        return ++values;
    }
    int values = 0;
};

int main() {
    // No Weather is ever made. The first call fails, the others get what the function says.
    concur::testing::ManualClock clock;
    concur::testing::FakeWorker<Weather> fake(clock);
    fake.on<&Weather::temperature>()
        .throws_once(std::runtime_error("connection lost"))
        .does([](const std::string& city) { return city == "Oslo" ? -3.5 : 21.0; });
    fmt::print("{}\n{}\n", report(fake.proxy(), "Oslo"), report(fake.proxy(), "Rome"));
    fmt::print("{} calls\n", fake.count<&Weather::temperature>());

    // A call that is never answered: five seconds pass, but nobody waits for them.
    fake.on<&Weather::temperature>().holds();
    const std::string gave_up = report(fake.proxy(), "Nome");
    fmt::print("{} ({} s)\n", gave_up, clock.elapsed() / 1s);

    // A real worker on the same clock, which fails the second time: a day in no time.
    auto thermometer = concur::Worker<Thermometer>::options()
                           .mode("thread")
                           .clock(clock)
                           .inject(concur::testing::FailNth(2, std::runtime_error("out of order")))
                           .init();
    int read = 0;
    int failed = 0;
    for (int i = 0; i < 25; ++i)
        thermometer.call<&Thermometer::read>().on_done(
            [&](const concur::Future<int>& done) { ++(done.exception() ? failed : read); });
    clock.advance(24h);
    fmt::print("{} values, {} failed\n", read, failed);

    // Retries wait on it, too: ten minutes, twenty, forty.
    const std::runtime_error busy("busy");
    auto patient = concur::Worker<Thermometer>::options()
                       .mode("thread")
                       .clock(clock)
                       .num_retries(3)
                       .retry_wait(10min)
                       .retry_jitter(concur::Jitter::none)
                       .inject(concur::testing::FailNth(1, busy))
                       .inject(concur::testing::FailNth(2, busy))
                       .inject(concur::testing::FailNth(3, busy))
                       .init();
    const auto before = clock.elapsed();
    const auto values = patient.call<&Thermometer::values>();
    clock.run_until([&] { return values.done(); });
    fmt::print("{} attempts in {} minutes\n", values.attempts(), (clock.elapsed() - before) / 1min);
}
/* expected output
Oslo: -3.5 degrees
Rome: 21.0 degrees
3 calls
Nome: no answer in time (5 s)
24 values, 1 failed
4 attempts in 70 minutes
*/
