// Calls that need each other's results: pass the futures, and wait for nothing but the end.
#include <concur/concur.hpp>

#include <fmt/core.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

struct Thermometer {
    double offset;
    double read(int hour) const {
        if (hour > 23) throw std::out_of_range("no such hour");
        return offset + hour;
    }
};

struct Statistics {
    double mean(const std::vector<double>& values) const {
        double sum = 0;
        for (double value : values) sum += value;
        return sum / static_cast<double>(values.size());
    }
    std::string warmest(const std::map<std::string, double>& places) const {
        const std::pair<const std::string, double>* best = nullptr;
        for (const auto& place : places)
            if (!best || place.second > best->second) best = &place;
        return best ? best->first : "nowhere";
    }
};

int main() {
    auto roof = concur::Worker<Thermometer>::options().mode("thread").init(10.0);
    auto cellar = concur::Worker<Thermometer>::options().mode("thread").init(2.0);
    auto statistics = concur::Worker<Statistics>::options().mode("thread").init();

    // Futures of doubles where doubles are expected: the call starts when the last of them is ready.
    std::vector<concur::Future<double>> readings;
    for (int hour : {6, 12, 18}) readings.push_back(roof.call<&Thermometer::read>(hour));
    concur::Future<double> on_the_roof = statistics.call<&Statistics::mean>(readings);

    // Values and futures side by side.
    auto in_the_cellar =
        statistics.call<&Statistics::mean>(concur::list(cellar.call<&Thermometer::read>(6), 10.0, 12.0));

    // At any depth, and from one call to the next.
    std::map<std::string, concur::Future<double>> places{{"roof", on_the_roof}, {"cellar", in_the_cellar}};
    auto warmest = statistics.call<&Statistics::warmest>(places);
    fmt::print("{} {} {}\n", on_the_roof.result(), in_the_cellar.result(), warmest.result());

    // A failed input fails the call that needs it, and the method does not run.
    readings.push_back(roof.call<&Thermometer::read>(24));
    auto failed = statistics.call<&Statistics::mean>(readings);
    try {
        failed.result();
    } catch (const std::out_of_range& error) {
        fmt::print("{} ({})\n", error.what(), failed.stop_reason());
    }
}
/* expected output
22 10 roof
no such hour (input_failed)
*/
