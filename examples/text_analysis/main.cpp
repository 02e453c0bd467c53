// A pipeline of three workers over real files: one reads, one analyses, one adds up.
//
// Reader, Analyser and Aggregator are plain classes that know nothing of threads. Each sits behind a worker, and the
// calls hand each other futures: the analysis of a file starts when the file has been read, the adding up of a batch
// when its last file has been analysed. So all stages work at the same time, and no thread waits for another one's
// result.
#include <concur/concur.hpp>

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregator.hpp"
#include "analyser.hpp"
#include "command_line.hpp"
#include "file_walk.hpp"
#include "reader.hpp"
#include "table.hpp"

namespace {

class Pipeline {
public:
    explicit Pipeline(const std::string& mode)
        : reader_{concur::Worker<Reader>::options().mode(mode).name("reader").init()},
          analyser_{concur::Worker<Analyser>::options().mode(mode).name("analyser").init()},
          aggregator_{concur::Worker<Aggregator>::options().mode(mode).name("aggregator").init()} {}

    void add(const FoundFile& file) {
        make_room(file.size);
        open_.reports.push_back(file.problem.empty() ? analyse(file.path)
                                                     : concur::ready(skipped(file.path, file.problem)));
        open_.bytes += file.size;
        bytes_ += file.size;
        if (open_.reports.size() == batch_size) close_batch();
    }

    Summary finish() {
        close_batch();
        // A call takes its place in the queue when its inputs are there. Without this the summary, which needs none,
        // would overtake the batches.
        while (!batches_.empty()) await_oldest_batch();
        progress_->read.success();
        progress_->analysed.success();
        return aggregator_.call<&Aggregator::summary>().result();
    }

    [[nodiscard]] std::string_view mode() const { return concur::to_string(reader_.mode()); }

    [[nodiscard]] std::vector<StageTime> times() const {
        return {{"reader", reader_.call<&Reader::busy>().result()},
                {"analyser", analyser_.call<&Analyser::busy>().result()},
                {"aggregator", aggregator_.call<&Aggregator::busy>().result()}};
    }

private:
    // How much may be under way at once. A file that is larger than all of this goes through alone.
    static constexpr std::size_t batch_size = 32;
    static constexpr std::size_t most_batches = 8;
    static constexpr std::uint64_t most_bytes = 64 << 20;

    struct Batch {
        std::vector<concur::Future<Report>> reports;
        concur::Future<void> added;
        std::uint64_t bytes = 0;
    };

    concur::Future<Report> analyse(const std::string& path) {
        // The text goes from one worker to the other without a copy, and nobody here waits for it. A file that could
        // not be read fails the call that needs its text, which makes the failure come out here.
        auto text = reader_.call<&Reader::read>(path);
        text.on_done([progress = progress_](const auto&) { progress->read.update(); });
        auto report = analyser_.call<&Analyser::analyse>(std::move(text)).recover([path](const std::exception& error) {
            return skipped(path, error.what());
        });
        report.on_done([progress = progress_](const auto&) { progress->analysed.update(); });
        return report;
    }

    void close_batch() {
        if (open_.reports.empty()) return;
        // Futures of reports become reports on the way: Aggregator::add takes a vector of those.
        open_.added = aggregator_.call<&Aggregator::add>(std::move(open_.reports));
        batches_.push_back(std::exchange(open_, {}));
    }

    // Keeps the program from being further ahead than memory allows.
    void make_room(std::uint64_t bytes) {
        if (bytes_ + bytes > most_bytes) close_batch();
        while (!batches_.empty() && (batches_.size() >= most_batches || bytes_ + bytes > most_bytes))
            await_oldest_batch();
    }

    void await_oldest_batch() {
        batches_.front().added.result();
        bytes_ -= batches_.front().bytes;
        batches_.pop_front();
    }

    // Shown on a terminal only. Nobody knows how many files there are before all are found, so there is no total.
    struct Progress {
        concur::ProgressBar read{0, {.description = "reading  ", .unit = "files"}};
        concur::ProgressBar analysed{0, {.description = "analysing", .unit = "files"}};
    };

    std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();  // shared with callbacks, which may come late
    concur::Proxy<Reader> reader_;
    concur::Proxy<Analyser> analyser_;
    concur::Proxy<Aggregator> aggregator_;
    Batch open_;
    std::deque<Batch> batches_;
    std::uint64_t bytes_ = 0;
};

/// concur's own sources and documentation.
std::vector<std::string> default_paths() {
    const std::filesystem::path root = std::filesystem::path(EXAMPLE_DIR).parent_path().parent_path();
    std::vector<std::string> paths;
    for (const char* name : {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "CMakeLists.txt", "benchmarks",
                             "cmake", "docs", "examples", "include", "scripts", "src", "tests"})
        if (std::filesystem::exists(root / name)) paths.push_back(root / name);
    return paths;
}

void run(const CommandLine& command_line) {
    const auto begin = std::chrono::steady_clock::now();
    Pipeline pipeline(command_line.mode);
    FileWalk walk(command_line.paths.empty() ? default_paths() : command_line.paths);
    while (const auto file = walk.next()) pipeline.add(*file);
    const Summary summary = pipeline.finish();
    const auto elapsed = std::chrono::steady_clock::now() - begin;

    print_languages(summary, command_line.top);
    print_problems(summary);
    print_times(summary, {pipeline.mode(), elapsed, pipeline.times()});
}

int complain(const char* problem, int status) {
    fmt::print(stderr, "text_analysis: {}\n", problem);
    return status;
}

}  // namespace

int main(int argc, char** argv) try {
    const CommandLine command_line = parse_command_line(argc, argv);
    if (command_line.help)
        fmt::print("{}", help_text);
    else
        run(command_line);
    if (std::fflush(stdout) != 0) return complain("the result could not be written", 1);
    return 0;
} catch (const UsageError& error) {
    return complain(error.what(), 2);
} catch (const concur::ConfigError& error) {  // what the library thinks of --mode
    return complain(error.what(), 2);
} catch (const concur::BackendUnavailableError& error) {
    return complain(error.what(), 2);
} catch (const std::exception& error) {
    return complain(error.what(), 1);
}
