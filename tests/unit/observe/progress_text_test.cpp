#include "observe/progress_text.hpp"

#include <chrono>
#include <climits>
#include <cstdint>
#include <string>

#include "support/catch.hpp"

using namespace concur::detail;
using namespace std::chrono_literals;

namespace {

const ProgressFacts copying{.description = "copying", .unit = "files", .count = 42, .total = 100, .elapsed = 3s};

ProgressFacts with_count(std::int64_t count, std::int64_t total, std::chrono::nanoseconds elapsed = 10s) {
    return {.description = "x", .unit = {}, .count = count, .total = total, .elapsed = elapsed, .ending = {}};
}

}  // namespace

TEST_CASE("a line tells count, percentage, rate, elapsed time and time left", "[progress][O5]") {
    CHECK(progress_text(copying, 80) ==
          "copying  42% [===========>                 ] 42/100 files 14.0/s 0:03, 0:05 left");
}

TEST_CASE("a line that has ended says how", "[progress][O5]") {
    ProgressFacts done = copying;
    done.count = 100;
    done.ending = "done";
    CHECK(progress_text(done, 80) == "copying 100% [==============================] 100/100 files 33.3/s 0:03 done");
}

TEST_CASE("without a total there is no percentage, no bar and no time left", "[progress][O5]") {
    CHECK(progress_text(with_count(42, 0), 80) == "x 42 4.20/s 0:10");
    CHECK(progress_text(with_count(0, 0, 0s), 80) == "x 0 0:00");
    CHECK(progress_text(with_count(42, -5), 80) == "x 42 4.20/s 0:10");
}

TEST_CASE("more than the total is told, and is no more than everything", "[progress][O5]") {
    CHECK(progress_text(with_count(150, 100), 40) == "x 100% [===========] 150/100 15.0/s 0:10");
}

TEST_CASE("not everything is never a hundred percent", "[progress][O5]") {
    CHECK(progress_text(with_count(999'999, 1'000'000), 20) == "x  99% [=========> ]");
    CHECK(progress_text(with_count(INT64_MAX - 1, INT64_MAX), 80).find(" 99%") != std::string::npos);
    CHECK(progress_text(with_count(INT64_MAX, INT64_MAX), 80).find("100%") != std::string::npos);
    CHECK(progress_text(with_count(0, INT64_MAX), 80).find("  0%") != std::string::npos);
}

TEST_CASE("rates and times are short at any size", "[progress][O5]") {
    const auto text = [](std::int64_t count, std::chrono::nanoseconds elapsed) {
        return progress_text(with_count(count, 0, elapsed), 80);
    };
    CHECK(text(1, 4s) == "x 1 15.0/min 0:04");
    CHECK(text(1, 240s) == "x 1 15.0/h 4:00");
    CHECK(text(1, 10h) == "x 1 0.10/h 10:00:00");
    CHECK(text(1234567, 1s) == "x 1234567 1.23M/s 0:01");
    CHECK(text(999'500, 1s) == "x 999500 1.00M/s 0:01");
    CHECK(text(9996, 10s) == "x 9996 1.00k/s 0:10");
    CHECK(text(INT64_MAX, 1ns) == "x 9223372036854775807 9223372037E/s 0:00");
    CHECK(text(5, -3s) == "x 5 0:00");
    CHECK(text(0, std::chrono::nanoseconds::max()) == "x 0 2562047:47:16");
    CHECK(progress_text(with_count(1, INT64_MAX, 1s), 120).find("left") == std::string::npos);  // in ages
}

TEST_CASE("what does not fit goes in the order of its worth, and no line is too long", "[progress][O5]") {
    CHECK(progress_text(copying, 56) == "copying  42% [=>   ] 42/100 files 14.0/s 0:03, 0:05 left");
    CHECK(progress_text(copying, 50) == "copying  42% 42/100 files 14.0/s 0:03, 0:05 left");
    CHECK(progress_text(copying, 41) == "copying  42% 42/100 files 0:03, 0:05 left");
    CHECK(progress_text(copying, 36) == "copying  42% 42/100 files, 0:05 left");
    CHECK(progress_text(copying, 26) == "copying  42% 42/100 files");
    CHECK(progress_text(copying, 13) == "copying  42%");
    CHECK(progress_text(copying, 7) == "copying");
    CHECK(progress_text(copying, 3) == "cop");
    CHECK(progress_text(copying, 0).empty());
    CHECK(progress_text(copying, -1).empty());
    for (int columns = 0; columns < 200; ++columns) CHECK(columns_of(progress_text(copying, columns)) <= columns);
}

TEST_CASE("a description is cut at the border of a character", "[progress][O5]") {
    CHECK(cut_to_columns("größe", 3) == "grö");
    CHECK(cut_to_columns("größe", 4) == "größ");
    CHECK(cut_to_columns("日本語", 5) == "日本");  // two columns each
    CHECK(cut_to_columns("日本語", 1).empty());
    CHECK(cut_to_columns("e\u0301a", 1) == "e\u0301");  // the accent belongs to its letter
    CHECK(cut_to_columns("🙂🙂", 2) == "🙂");
    CHECK(cut_to_columns("abc", 0).empty());
    ProgressFacts facts = copying;
    facts.description = "日本語日本語日本語日本語日本語";
    for (int columns = 0; columns < 100; ++columns) CHECK(columns_of(progress_text(facts, columns)) <= columns);
}

TEST_CASE("texts are made fit for one line of a terminal", "[progress][O5]") {
    CHECK(printable("two\nlines\tand\x1b[2J a command\x7f") == "two lines and [2J a command ");
    CHECK(printable("a\u0085b\u202Ec") == "a b c");  // C1, and one that turns the direction around
    CHECK(printable("\xff\xc3.\xe2\x82") == "??.??");
    CHECK(printable("\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80") == "?? ??? ????");  // overlong, surrogate, too large
    CHECK(printable("größe 日本語 🙂") == "größe 日本語 🙂");
    CHECK(printable(std::string(3, '\0')) == "   ");
}
