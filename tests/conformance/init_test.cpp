// Making the object: which types, which arguments, which hooks, and what a failure leaves behind. W1, W5, W6
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/worker_support.hpp"

using namespace concur;
using namespace concur::test;

namespace {

struct Immovable {
    Immovable(int a, std::string b) : sum{a + static_cast<int>(b.size())} {}
    Immovable(const Immovable&) = delete;
    Immovable& operator=(const Immovable&) = delete;
    int get() const { return sum; }
    int sum;
    std::mutex mutex;
};

struct Aggregate {
    int a;
    std::string b = {};
    std::vector<int> rest = {};
};

struct Both {  // an int constructor and a list constructor: parentheses win, as in T(args...)
    explicit Both(int count) : which{"count"}, values(static_cast<std::size_t>(count)) {}
    Both(std::initializer_list<int> list) : which{"list"}, values(list) {}
    std::string which;
    std::vector<int> values;
};

struct Nothing {};

struct NotConst {
    explicit NotConst(std::unique_ptr<int> owned, std::string_view view, const char* text)
        : value{*owned}, kept{std::string(view) + text} {}
    int value;
    std::string kept;
};

struct WantsFuture {
    explicit WantsFuture(Future<int> future) : kept{std::move(future)} {}
    Future<int> kept;
};

struct Adder {
    explicit Adder(int start) : value{start} {}
    explicit Adder(const std::vector<int>& parts) : value{0} {
        for (const int part : parts) value += part;
    }
    int value;
};

}  // namespace

TEST_CASE("an object that cannot be moved is built in place with any constructor", "[worker][W1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Immovable>::options().mode(mode).init(2, "abc");
    CHECK(worker.call<&Immovable::get>().result() == 5);
}

TEST_CASE("an aggregate is built with braces", "[worker][W1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Aggregate>::options().mode(mode).init(1, "two", std::vector{3, 4});
    CHECK(worker.call<&Aggregate::a>().result() == 1);
    CHECK(worker.call<&Aggregate::b>().result() == "two");
    CHECK(worker.call<&Aggregate::rest>().result() == std::vector{3, 4});

    auto partly = Worker<Aggregate>::options().mode(mode).init(7);
    CHECK(partly.call<&Aggregate::a>().result() == 7);
    CHECK(partly.call<&Aggregate::b>().result().empty());
}

TEST_CASE("parentheses come before braces", "[worker][W1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto counted = Worker<Both>::options().mode(mode).init(3);
    CHECK(counted.call<&Both::which>().result() == "count");
    CHECK(counted.call<&Both::values>().result().size() == 3);
    auto listed = Worker<Both>::options().mode(mode).init(3, 4);
    CHECK(listed.call<&Both::which>().result() == "list");
}

TEST_CASE("an empty class needs no arguments", "[worker][W1]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Nothing>::options().mode(mode).init();
    CHECK(worker.call([](Nothing&) { return 5; }).result() == 5);
}

TEST_CASE("arguments of init are kept as owners until the constructor takes them", "[worker][W1][W11]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    Proxy<NotConst> worker;
    {
        std::string text = "a text that is too long to be held inline, and gone when the worker is used";
        char buffer[] = "!";
        worker = Worker<NotConst>::options().mode(mode).init(std::make_unique<int>(5), std::string_view(text), buffer);
        text.assign(text.size(), '-');
        buffer[0] = '-';
    }
    CHECK(worker.call<&NotConst::value>().result() == 5);
    CHECK(worker.call<&NotConst::kept>().result() ==
          "a text that is too long to be held inline, and gone when the worker is used!");
}

TEST_CASE("init waits for futures among its arguments", "[worker][W5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    Promise<int> promise;
    auto late = promise.future();
    const auto setter = on_new_thread([promise = std::move(promise)]() mutable { promise.set_value(5); });
    auto worker = Worker<Adder>::options().mode(mode).init(late);
    CHECK(worker.call<&Adder::value>().result() == 5);
    auto nested = Worker<Adder>::options().mode(mode).init(std::vector{ready(1), late});
    CHECK(nested.call<&Adder::value>().result() == 6);
}

TEST_CASE("a failed future among the arguments of init is what init throws", "[worker][W5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    CHECK_THROWS_AS(static_cast<void>(Worker<Adder>::options().mode(mode).init(failed<int>(std::range_error("no")))),
                    std::range_error);
}

TEST_CASE("a constructor that takes a future gets the future", "[worker][W5][F24]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    Promise<int> promise;
    const Future<int> future = promise.future();
    auto worker = Worker<WantsFuture>::options().mode(mode).init(future);
    CHECK(worker.call([future](WantsFuture& object) { return object.kept == future; }).result());
    promise.set_value(1);
}

// ---- failing constructors

namespace {

struct OwnError : std::runtime_error {
    explicit OwnError(int n) : std::runtime_error("own"), number{n} {}
    int number;
};

struct Refuses {
    explicit Refuses(int how) {
        if (how == 0) throw OwnError(42);
        if (how == 1) throw 7;
        if (how == 2) std::throw_with_nested(std::logic_error("outer"));
        if (how == 3) throw CancelledError("of its own");
    }
};

struct Part {
    explicit Part(std::shared_ptr<int> alive) : kept{std::move(alive)} {}
    std::shared_ptr<int> kept;
};
struct RefusesLate {
    explicit RefusesLate(std::shared_ptr<int> alive) : part{std::move(alive)} { throw OwnError(1); }
    Part part;
};

}  // namespace

TEST_CASE("init throws what the constructor throws, with its type", "[worker][W5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto init = [&](int how) { static_cast<void>(Worker<Refuses>::options().mode(mode).init(how)); };
    int number = 0;
    try {
        init(0);
    } catch (const OwnError& error) {
        number = error.number;
    }
    CHECK(number == 42);
    CHECK_THROWS_AS(init(1), int);
    CHECK_THROWS_AS(init(2), std::logic_error);
    CHECK_THROWS_AS(init(3), CancelledError);
    CHECK_NOTHROW(init(4));
}

TEST_CASE("a throwing constructor leaves nothing behind", "[worker][W5]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto alive = std::make_shared<int>(1);
    const auto fail = [&] { static_cast<void>(Worker<RefusesLate>::options().mode(mode).init(alive)); };
    CHECK_THROWS_AS(fail(), OwnError);
    const std::size_t threads = thread_count();
    const std::size_t descriptors = descriptor_count();
    for (int i = 0; i < 50; ++i) CHECK_THROWS_AS(fail(), OwnError);
    CHECK(alive.use_count() == 1);
    CHECK(thread_count() == threads);
    CHECK(descriptor_count() == descriptors);
}

TEST_CASE("an argument of init whose copy throws fails init before anything is started", "[worker][W5][W6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    struct Explosive {
        Explosive() = default;
        Explosive(const Explosive&) { throw OwnError(3); }
        int value = 1;
    };
    struct Holder {
        explicit Holder(const Explosive& explosive) : value{explosive.value} {}
        int value;
    };
    const Explosive argument;
    CHECK_THROWS_AS(static_cast<void>(Worker<Holder>::options().mode(mode).init(argument)), OwnError);
}

// ---- hooks

namespace {

struct Hooked {
    static void pre_initialize(std::string& name, int& count) {
        steps = {"pre"};
        if (name == "refuse") throw OwnError(1);
        name += "!";
        count = std::max(count, 0);
        pre_thread = std::this_thread::get_id();
    }
    Hooked(std::string given, int number) : name{std::move(given)}, count{number} {
        steps.emplace_back("constructor");
        if (name == "throw!") throw OwnError(2);
    }
    ~Hooked() { steps.emplace_back("destructor"); }
    void post_initialize() {
        steps.emplace_back("post");
        if (name == "late!") throw OwnError(3);
    }
    std::string name;
    int count;

    // Read after init or stop only.
    static inline std::vector<std::string> steps;
    static inline std::thread::id pre_thread;
};

struct AnyHook {
    template <class A>
    static void pre_initialize(A& argument) {
        argument += argument;
    }
    explicit AnyHook(std::string given) : text{std::move(given)} {}
    std::string text;
};

struct NotDefault {
    static void pre_initialize() { ++calls; }
    int value = 3;
    static inline int calls = 0;
};

}  // namespace

TEST_CASE("hooks and constructor run once and in order, pre_initialize in the caller", "[worker][W6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    {
        auto worker = Worker<Hooked>::options().mode(mode).init("text", -5L);  // converted to the hook's parameters
        CHECK(Hooked::steps == std::vector<std::string>{"pre", "constructor", "post"});
        CHECK(Hooked::pre_thread == std::this_thread::get_id());
        CHECK(worker.call<&Hooked::name>().result() == "text!");
        CHECK(worker.call<&Hooked::count>().result() == 0);
    }
    CHECK(Hooked::steps == std::vector<std::string>{"pre", "constructor", "post", "destructor"});
}

TEST_CASE("a hook that throws is a constructor that throws", "[worker][W6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto number_thrown = [&](const char* name) {
        try {
            static_cast<void>(Worker<Hooked>::options().mode(mode).init(name, 1));
        } catch (const OwnError& error) {
            return error.number;
        }
        return 0;
    };
    CHECK(number_thrown("refuse") == 1);
    CHECK(Hooked::steps == std::vector<std::string>{"pre"});
    CHECK(number_thrown("throw") == 2);
    CHECK(Hooked::steps == std::vector<std::string>{"pre", "constructor"});
    CHECK(number_thrown("late") == 3);
    CHECK(Hooked::steps == std::vector<std::string>{"pre", "constructor", "post", "destructor"});
}

TEST_CASE("a generic pre_initialize sees the arguments as they are kept", "[worker][W6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<AnyHook>::options().mode(mode).init(std::string("ab"));
    CHECK(worker.call<&AnyHook::text>().result() == "abab");
}

TEST_CASE("a pre_initialize without parameters runs too", "[worker][W6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const int before = NotDefault::calls;
    auto worker = Worker<NotDefault>::options().mode(mode).init();
    CHECK(NotDefault::calls == before + 1);
    CHECK(worker.call<&NotDefault::value>().result() == 3);
}

TEST_CASE("pre_initialize gets the value of a future among the arguments", "[worker][W5][W6]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    auto worker = Worker<Hooked>::options().mode(mode).init(ready(std::string("text")), ready(4));
    CHECK(worker.call<&Hooked::name>().result() == "text!");
    CHECK(worker.call<&Hooked::count>().result() == 4);
}

TEST_CASE("an object is built and destroyed where its calls run", "[worker][W1][W21]") {
    const Mode mode = GENERATE(every_mode_with_a_thread());
    CAPTURE(mode);
    static std::thread::id built;
    static std::thread::id destroyed;
    struct Homebody {
        Homebody() { built = std::this_thread::get_id(); }
        ~Homebody() { destroyed = std::this_thread::get_id(); }
        std::thread::id where() const { return std::this_thread::get_id(); }
    };
    std::thread::id called;
    {
        auto worker = Worker<Homebody>::options().mode(mode).init();
        called = worker.call<&Homebody::where>().result();
    }
    CHECK(built == called);
    CHECK(destroyed == called);
    CHECK((called == std::this_thread::get_id()) == runs_in_caller(mode));
}
