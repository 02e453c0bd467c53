// Options from JSON text: what is read, and the exact words for what is not. O8
#include <random>

#include "support/worker_support.hpp"
#include "worker/option_table.hpp"

using namespace concur;
using namespace concur::test;

namespace {

/// What is wrong with the text; "accepted" if nothing.
std::string refusal(std::string_view text) {
    try {
        static_cast<void>(options_from_json(text));
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

Duration stop_timeout(const std::string& value) {
    return *options_from_json("{\"stop_timeout\": " + value + "}").stop_timeout;
}

const std::string everything = R"({
    "mode": "asio", "name": "grüße", "max_workers": 4, "on_demand": false, "min_workers": 2, "idle_timeout": "1min",
    "load_balancing": "least_active", "max_queued_tasks": "unlimited", "when_full": "reject",
    "max_concurrent_calls": "8", "num_retries": 3, "retry_algorithm": "fibonacci", "retry_wait": "1ms",
    "retry_min_wait": 0, "retry_max_wait": 2.5, "retry_jitter": 0.5, "retry_after_max": "1h", "retry_abandoned": 1,
    "retry_order": "overtake", "history": 20, "call_timeout": "never", "attempt_timeout": "250us",
    "attempt_timeout_hard": "true", "init_timeout": "3s", "stop_timeout": 1e1, "kill_timeout": "100ns",
    "start_method": "auto", "max_restarts": 5, "max_restarts_within": "2 min", "on_restart": "fail",
    "max_message": 65536, "num_cpus": "0.5", "num_gpus": 2
})";

}  // namespace

TEST_CASE("every option can be read", "[worker][O8]") {
    const Settings settings = options_from_json(everything);
    for (const detail::Option& option : detail::option_table()) {
        CAPTURE(std::string(option.name));
        CHECK(option.is_set(settings));
    }
    CHECK(settings.mode == Mode::asio);
    CHECK(settings.name == Name("grüße"));
    CHECK(settings.max_workers == 4);
    CHECK(settings.on_demand == false);
    CHECK(settings.idle_timeout == Duration(1min));
    CHECK(settings.load_balancing == LoadBalancing::least_active);
    CHECK(settings.max_queued_tasks == unlimited);
    CHECK(settings.max_concurrent_calls == 8);
    CHECK(settings.retry_algorithm == Backoff::fibonacci);
    CHECK(settings.retry_max_wait == Duration(2500ms));
    CHECK(settings.retry_jitter == Jitter::proportional(0.5));
    CHECK(settings.retry_after_max == Duration(1h));
    CHECK(settings.call_timeout == never);
    CHECK(settings.attempt_timeout == Duration(250us));
    CHECK(settings.attempt_timeout_hard == true);
    CHECK(settings.stop_timeout == Duration(10s));
    CHECK(settings.kill_timeout == Duration(100ns));
    CHECK(settings.start_method == StartMethod::automatic);
    CHECK(settings.max_restarts_within == Duration(2min));
    CHECK(settings.on_restart == Queued::fail);
    CHECK(settings.max_message == 65536);
    CHECK(settings.num_cpus == 0.5);
}

TEST_CASE("an empty object sets nothing", "[worker][O8]") {
    const Settings settings = options_from_json(" {\r\n} ");
    for (const detail::Option& option : detail::option_table()) CHECK_FALSE(option.is_set(settings));
}

TEST_CASE("text that reads as the option's type is accepted", "[worker][O8]") {
    CHECK(options_from_json(R"({"max_workers": "4"})").max_workers == 4);
    CHECK(options_from_json(R"({"max_workers": 4.0})").max_workers == 4);
    CHECK(options_from_json(R"({"max_workers": 1e2})").max_workers == 100);
    CHECK(options_from_json(R"({"on_demand": true})").on_demand == true);
    CHECK(options_from_json(R"({"on_demand": "false"})").on_demand == false);
    CHECK(options_from_json(R"({"num_gpus": "0.5"})").num_gpus == 0.5);
    CHECK(options_from_json(R"({"retry_jitter": "0.5"})").retry_jitter == Jitter::proportional(0.5));
    CHECK(options_from_json(R"({"retry_jitter": "full"})").retry_jitter == Jitter::full);
    CHECK(options_from_json(R"({"n\u0061me": "\u00e4\ud83d\ude00\n"})").name == Name("ä😀\n"));
}

TEST_CASE("times are seconds or have a unit", "[worker][O8]") {
    CHECK(stop_timeout("2") == Duration(2s));
    CHECK(stop_timeout("0.001") == Duration(1ms));
    CHECK(stop_timeout("\"0.1\"") == Duration(100ms));
    CHECK(stop_timeout("\"250ms\"") == Duration(250ms));
    CHECK(stop_timeout("\"1.5 s\"") == Duration(1500ms));
    CHECK(stop_timeout("\"1e3us\"") == Duration(1ms));
    CHECK(stop_timeout("\"unlimited\"") == never);
    CHECK(stop_timeout("1e300") == never);
    CHECK(stop_timeout("\"0.1ns\"") == Duration(1ns));  // rounded up
    for (const char* text : {"", " ", "s", "5 ", " 5", "5  s", "5m", "5 seconds", "1s 5ms", "nan", "inf", "-inf",
                             "0x10", "1e", "5S", "--5", "+5", "five"}) {
        CAPTURE(text);
        CHECK(contains(refusal(fmt::format("{{\"stop_timeout\": \"{}\"}}", text)),
                       fmt::format("stop_timeout: \"{}\" is not a time", text)));
    }
    CHECK(refusal(R"({"stop_timeout": "0s"})") == "stop_timeout: 0 s is not allowed; more than 0");
    CHECK(refusal(R"({"stop_timeout": -5})") == "stop_timeout: -5 s is not allowed; more than 0");
    CHECK(refusal(R"({"stop_timeout": 1e999})") == "stop_timeout: 1e999 is too large or too small");
}

TEST_CASE("an unknown key is told with the nearest known one", "[worker][O8]") {
    CHECK(refusal(R"({"num_retrys": 3})") == R"(num_retrys: unknown option; did you mean "num_retries"?)");
    CHECK(refusal(R"({"Mode": "sync"})") == R"(Mode: unknown option; did you mean "mode"?)");
    CHECK(refusal(R"({"retry_jiter": 1})") == R"(retry_jiter: unknown option; did you mean "retry_jitter"?)");
    CHECK(refusal(R"({"max-workers": 1})") == R"(max-workers: unknown option; did you mean "max_workers"?)");
    CHECK(refusal(R"({"colour": 1})") == "colour: unknown option; options have the names of the builder's setters");
    CHECK(contains(refusal(R"({"": 1})"), "unknown option"));
    CHECK(contains(refusal("{\"" + std::string(1'000'000, 'x') + "\": 1}"), "xxx...: unknown option"));
}

TEST_CASE("what is no value has a hint to the code", "[worker][O8]") {
    CHECK(refusal(R"({"blocking": true})") ==
          "blocking: is not an option: it changes the type of the proxy; write options(...).blocking() in code");
    for (const char* name : {"limits", "clock", "executor", "observer", "retry_on", "retry_until", "retry_after",
                             "retry_budget", "retry", "inject", "throws", "method", "resources"}) {
        CAPTURE(name);
        CHECK(contains(refusal(fmt::format("{{\"{}\": 1}}", name)), "is set in code"));
        CHECK(contains(refusal(fmt::format("{{\"{}\": {{}}}}", name)), "is set in code"));
    }
    CHECK(contains(refusal(R"({"elastic": [1, 2]})"), "min_workers, max_workers, idle_timeout"));
    CHECK(contains(refusal(R"({"retry_algorithm": "range"})"), "Backoff::range(...)"));
    CHECK(contains(refusal(R"({"retry_algorithm": "sequence"})"), "Backoff::sequence(...)"));
}

TEST_CASE("a value of the wrong type or outside of what is allowed is named", "[worker][O8]") {
    CHECK(refusal(R"({"mode": "quantum"})") == "mode: unknown \"quantum\"; known: sync, thread, process, asio, ray");
    CHECK(refusal(R"({"mode": "dynamic"})") == "mode: unknown \"dynamic\"; known: sync, thread, process, asio, ray");
    CHECK(refusal(R"({"max_workers": "many"})") == "max_workers: \"many\" is not a whole number");
    CHECK(refusal(R"({"max_workers": 1.5})") == "max_workers: 1.5 is not a whole number");
    CHECK(refusal(R"({"max_workers": true})") == "max_workers: true is not a whole number");
    CHECK(refusal(R"({"max_workers": null})") == "max_workers: null is not a whole number");
    CHECK(refusal(R"({"max_workers": [1]})") == "max_workers: an object or a list is not a value of an option");
    CHECK(refusal(R"({"max_workers": {"x": 1}})") == "max_workers: an object or a list is not a value of an option");
    CHECK(refusal(R"({"max_workers": 99999999999})") == "max_workers: 99999999999 is too large or too small");
    CHECK(refusal(R"({"max_workers": 123456789012345678901234567890})") ==
          "max_workers: 123456789012345678901234567890 is too large or too small");
    CHECK(refusal(R"({"max_message": 1e18})") == "accepted");
    CHECK(refusal(R"({"max_message": 1e19})") == "max_message: 1e19 is too large or too small");
    CHECK(refusal(R"({"num_retries": -1})") == "num_retries: -1 is not allowed; 0 or more, or concur::unlimited");
    CHECK(refusal(R"({"on_demand": 1})") == "on_demand: 1 is not true or false");
    CHECK(refusal(R"({"name": 5})") == "name: 5 is not a text");
    CHECK(refusal(R"({"name": ""})") == "name: \"\" is not allowed; 1 to 63 bytes");
    CHECK(contains(refusal("{\"name\": \"" + std::string(64, 'x') + "\"}"), "name: \"xxx"));
    CHECK(refusal(R"({"num_cpus": 1.5})") == "num_cpus: 1.5 is not allowed; 0 or more, a whole number above 1");
    CHECK(refusal(R"({"num_cpus": "nan"})") == "num_cpus: \"nan\" is not a number");
    CHECK(refusal(R"({"retry_jitter": 2})") ==
          "retry_jitter: 2 is not allowed; a number from 0 to 1, or none, full, equal");
    CHECK(refusal(R"({"mode": "sync", "m\u006fde": "sync"})") == "mode: is given twice");
}

TEST_CASE("text that is no JSON is told with line and column of the first wrong character", "[worker][O8]") {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {R"({"mode": )", "line 1, column 10: a value was expected"},
        {"", "line 1, column 1: an object { } was expected"},
        {" \n\n ", "line 3, column 2: an object { } was expected"},
        {"[]", "line 1, column 1: an object { } was expected"},
        {" 5", "line 1, column 2: an object { } was expected"},
        {"null", "line 1, column 1: an object { } was expected"},
        {"\"text\"", "line 1, column 1: an object { } was expected"},
        {"mode: sync", "line 1, column 1: an object { } was expected"},
        {"{", "line 1, column 2: a key in double quotes was expected"},
        {"{mode: 1}", "line 1, column 2: a key in double quotes was expected"},
        {"{'mode': 1}", "line 1, column 2: a key in double quotes was expected"},
        {"{\"mode\"}", "line 1, column 8: a colon was expected"},
        {"{\"mode\" \n= 1}", "line 2, column 1: a colon was expected"},
        {"{\"mode\":}", "line 1, column 9: a value was expected"},
        {"{\"mode\": sync}", "line 1, column 10: a value was expected"},
        {"{\"history\": 1,}", "line 1, column 15: a key in double quotes was expected"},
        {"{\"history\": 1\r\n\"mode\": 1}", "line 2, column 1: a comma or } was expected"},
        {"{\"history\": 01}", "line 1, column 14: a comma or } was expected"},
        {"{\"history\": +1}", "line 1, column 13: a value was expected"},
        {"{\"history\": 1.}", "line 1, column 15: this character cannot stand in a key or a value"},
        {"{\"history\": 0x10}", "line 1, column 14: a comma or } was expected"},
        {"{\"history\": NaN}", "line 1, column 13: a value was expected"},
        {"{\"history\": nul", "line 1, column 16: the text ends inside a key or a value"},
        {"{\"on_demand\": True}", "line 1, column 15: a value was expected"},
        {"{\"on_demand\": truth}", "line 1, column 18: this character cannot stand in a key or a value"},
        {"{\"name\": \"x", "line 1, column 12: the text ends inside a key or a value"},
        {"{\"name\": \"x\n\"}", "line 1, column 12: this character cannot stand in a key or a value"},
        {"{\"name\": \"\\q\"}", "line 1, column 12: this character cannot stand in a key or a value"},
        {"{\"name\": \"\\ud800\"}", "line 1, column 17: this character cannot stand in a key or a value"},
        {"{\"name\": \"ä😀\" x}", "line 1, column 15: a comma or } was expected"},
        {"{\"name\": \"\xff\"}", "line 1, column 11: this character cannot stand in a key or a value"},
        {"{\"name\": \"x\"} {}", "line 1, column 15: the end of the text was expected"},
        {"{}}", "line 1, column 3: the end of the text was expected"},
        {"{} // comment", "line 1, column 4: the end of the text was expected"},
        {"// comment\n{}", "line 1, column 1: an object { } was expected"},
        {std::string_view("{}\0", 3), "line 1, column 3: the end of the text was expected"},
        {std::string_view("\0", 1), "line 1, column 1: an object { } was expected"},
        {std::string_view("{\"name\": \"\0\"}", 13),
         "line 1, column 11: this character cannot stand in a key or a value"},
    };
    for (const auto& [text, words] : cases) {
        CAPTURE(std::string(text));
        CHECK(refusal(text) == "json: " + std::string(words));
    }
}

TEST_CASE("a byte order mark before the text is passed over", "[worker][O8]") {
    CHECK(options_from_json("\xEF\xBB\xBF{\"history\": 1}").history == 1);
    CHECK(refusal("\xEF\xBB\xBF{x") == "json: line 1, column 2: a key in double quotes was expected");
    CHECK(contains(refusal("\xFE\xFF{}"), "line 1, column 1"));
}

TEST_CASE("depth and size are no danger", "[worker][O8]") {
    CHECK(contains(refusal(std::string(1'000'000, '[')), "an object { } was expected"));
    CHECK(contains(refusal("{\"name\": " + std::string(1'000'000, '[')), "name: an object or a list"));
    CHECK(contains(refusal("{\"name\": " + std::string(1'000'000, '{')), "name: an object or a list"));
    CHECK(contains(refusal("{\"name\": \"" + std::string(1'000'000, 'x') + "\"}"), "1 to 63 bytes"));
    CHECK(contains(refusal("{\"mode\": \"" + std::string(1'000'000, 'x') + "\"}"), "xxx...\"; known"));
    CHECK(contains(refusal("{\"history\": " + std::string(1'000'000, '9') + "}"), "too large"));
    CHECK(refusal(std::string(1'000'000, '\n') + "{}") == "accepted");
    CHECK(refusal(std::string(1'000'000, '\n') + "x") == "json: line 1000001, column 1: an object { } was expected");
}

TEST_CASE("a hundred thousand mutated texts give a ConfigError or settings that are allowed", "[worker][O8]") {
    std::mt19937 random(20'240'229);
    const auto below = [&random](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    const std::string_view pieces[] = {"\"",   "{",         "}",     "[",     "]",  ":",    ",",    "\\", "\\u",
                                       "null", "true",      "-",     "1e999", ".",  "\xff", "\xc3", "ä",  " ",
                                       "\n",   "unlimited", "never", "nan",   "ms", "mode", "0"};
    int accepted = 0;
    for (int round = 0; round < 100'000; ++round) {
        std::string text = round % 2 == 0 ? everything : R"({"mode": "sync", "stop_timeout": "250ms", "history": 5})";
        for (std::size_t change = below(4); change <= 4; ++change) {
            const std::size_t at = below(text.size() + 1);
            switch (below(5)) {
                case 0:
                    text.erase(at, below(4));
                    break;
                case 1:
                    text.insert(at, pieces[below(std::size(pieces))]);
                    break;
                case 2:
                    if (at < text.size()) text[at] = static_cast<char>(below(256));
                    break;
                case 3:
                    text.insert(at, text.substr(below(text.size() + 1), below(20)));
                    break;
                default:
                    if (at < text.size()) text[at] = static_cast<char>('0' + below(10));
            }
        }
        try {
            const Settings settings = options_from_json(text);
            ++accepted;
            for (const detail::Option& option : detail::option_table())
                if (option.is_set(settings) && !option.is_allowed(settings)) FAIL(text);
        } catch (const ConfigError& error) {
            if (error.option().empty() || std::string_view(error.what()).size() > 1000) FAIL(text);
        }
    }
    CHECK(accepted > 100);
}

TEST_CASE("options from JSON are explicit ones", "[worker][O7][O8]") {
    struct Plain {};
    const auto made = [](std::string_view text) { return Worker<Plain>::options(options_from_json(text)).init(); };
    CHECK(made(R"({"mode": "sync", "name": "j"})").name() == "j");
    CHECK(contains(text_of_error<ConfigError>([&] { return made(R"({"mode": "sync", "max_workers": 2})"); }),
                   "max_workers: 2 is not allowed; 1 in sync mode"));
}
