// Methods by name: CONCUR_PROXY. W19
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/worker_support.hpp"

namespace names_test {

struct Base {
    virtual ~Base() = default;
    virtual int virt(int x) { return x; }
    int plain(int x) const { return x + 1; }
};

struct Big : Base {
    int virt(int x) override { return x * 2; }
    int dflt(int x, int y = 5) { return x + y; }
    std::string text(std::string_view text, const char* end = "!") { return std::string(text) + end; }
    int with_context(concur::CallContext& context, int x, int y = 1) { return context.attempt().number + x + y; }
    int over(int x) { return x; }
    std::size_t over(const std::string& s) const { return s.size(); }
    int over(concur::CallContext& context, int x, int y) { return context.attempt().number + x + y; }
    template <class X>
    X tmpl(X x) {
        return x;
    }
    static int stat(int x) { return x + 100; }
    int take(std::unique_ptr<int> p) { return *p; }
    void nop() {}
    const std::string& refres() const { return title; }
    int sum(const std::vector<int>& v) const {
        int total = 0;
        for (const int x : v) total += x;
        return total;
    }
    int fail() { throw std::range_error("failed"); }
    concur::Future<int> fut(int x = 7) { return concur::ready(x); }
    int n = 3;
    std::string title = "nm";
    std::function<int(int)> function = [](int x) { return x + 1; };
};

// Names that the library itself uses.
struct Name {
    int submit(int x) { return x; }
    int worker(int x) { return x; }
    int map() { return 1; }
    int backend() { return 2; }
    int same_worker() { return 3; }
    int result() { return 4; }
};

struct Many {
#define M(i) \
    int m##i(int x) { return x + i; }
    // The formatter takes these for declarations without an end.
    // clang-format off
    M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15) M(16)
    M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30) M(31) M(32)
    M(33) M(34) M(35) M(36) M(37) M(38) M(39) M(40) M(41) M(42) M(43) M(44) M(45) M(46) M(47) M(48)
    M(49) M(50) M(51) M(52) M(53) M(54) M(55) M(56) M(57) M(58) M(59) M(60) M(61) M(62) M(63) M(64)
    // clang-format on
#undef M
};

}  // namespace names_test

CONCUR_PROXY(names_test::Big, virt, plain, dflt, text, with_context, over, tmpl, stat, take, nop, refres, sum, fail,
             fut, n, function)
CONCUR_PROXY(names_test::Name, submit, worker, map, backend, same_worker, result)
CONCUR_PROXY(names_test::Many, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19,
             m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31, m32, m33, m34, m35, m36, m37, m38, m39, m40,
             m41, m42, m43, m44, m45, m46, m47, m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61,
             m62, m63, m64)

using namespace concur;
using namespace concur::test;
using names_test::Big;

TEST_CASE("methods are called by name", "[worker][W19]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto w = Worker<Big>::options().mode(mode).init();
    CHECK(w.virt(4).result() == 8);
    CHECK(w.plain(4).result() == 5);
    CHECK(w.stat(1).result() == 101);
    CHECK(w.take(std::make_unique<int>(5)).result() == 5);
    static_assert(std::is_same_v<decltype(w.nop()), Future<void>>);
    CHECK_NOTHROW(w.nop().result());
    CHECK(w.refres().result() == "nm");
    CHECK(w.n().result() == 3);
    CHECK(w.function(4).result() == 5);
    CHECK(w.function().result()(5) == 6);
    CHECK_THROWS_AS(w.fail().result(), std::range_error);
    CHECK(w.fut(8).result() == 8);
}

TEST_CASE("default arguments, overloads and templates work by name", "[worker][W19]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto w = Worker<Big>::options().mode(mode).init();
    CHECK(w.dflt(1).result() == 6);
    CHECK(w.dflt(1, 1).result() == 2);
    CHECK(w.text(std::string("a")).result() == "a!");
    CHECK(w.text("a", "?").result() == "a?");
    CHECK(w.with_context(1).result() == 3);
    CHECK(w.with_context(1, 2).result() == 4);
    CHECK(w.fut().result() == 7);
    CHECK(w.over(4).result() == 4);
    CHECK(w.over("four").result() == 4U);
    CHECK(w.over(1, 2).result() == 4);
    static_assert(std::is_same_v<decltype(w.over("")), Future<std::size_t>>);
    CHECK(w.tmpl(2.5).result() == 2.5);
    CHECK(w.tmpl(std::string("x")).result() == "x");
}

TEST_CASE("futures among the arguments of a name are unwrapped", "[worker][W19][F24]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto w = Worker<Big>::options().mode(mode).init();
    auto a = w.virt(1);
    auto b = w.dflt(a);
    CHECK(b.result() == 7);
    CHECK(w.over(a).result() == 2);
    CHECK(w.tmpl(a).result() == 2);
    CHECK(w.sum(std::vector{a, b}).result() == 9);
    CHECK(w.sum(list(a, 1)).result() == 3);
}

TEST_CASE("what is called by name carries the method's name", "[worker][W19][W7]") {
    const auto w = Worker<Big>::options().mode(Mode::sync).init();
    CHECK(w.virt(1).method_name() == "names_test::Big::virt");
    CHECK(w.plain(1).method_name() == "names_test::Base::plain");
    CHECK(w.dflt(1).method_name() == "names_test::Big::dflt");
    CHECK(w.over(1).method_name() == "names_test::Big::over");
    CHECK(w.tmpl(1).method_name() == "names_test::Big::tmpl");
    CHECK(w.n().method_name() == "names_test::Big::n");
}

TEST_CASE("names work on every handle", "[worker][W19][W34]") {
    const Mode mode = GENERATE(every_mode());
    CAPTURE(mode);
    const auto w = Worker<Big>::options().mode(mode).init();
    CHECK(w.with_key("alice").virt(3).result() == 6);
    CHECK(w.with({}).dflt(3).result() == 8);
    const auto blocking = Worker<Big>::options().mode(mode).blocking().init();
    const int value = blocking.virt(3);
    CHECK(value == 6);
    CHECK(blocking.dflt(3) == 8);
    CHECK(blocking.over("abc") == 3U);
    CHECK(blocking.with_key(1).tmpl(4) == 4);
    static_assert(std::is_void_v<decltype(blocking.nop())>);
    const auto typed = Worker<Big>::options().mode(thread).init();
    static_assert(std::is_same_v<decltype(typed), const Proxy<Big, Mode::thread>>);
    CHECK(typed.dflt(1).result() == 6);
    CHECK(Proxy<Big>(typed).virt(2).result() == 4);
    CHECK_THROWS_AS(Proxy<Big>().virt(1), NoStateError);
    static_assert(sizeof(Proxy<Big>) == sizeof(void*));
}

TEST_CASE("each name of the proxy itself is refused", "[worker][W19][D20]") {
    using detail::is_name_of_proxy;
    static_assert(is_name_of_proxy("call") && is_name_of_proxy("with") && is_name_of_proxy("with_key"));
    static_assert(is_name_of_proxy("broadcast") && is_name_of_proxy("stats") && is_name_of_proxy("settings"));
    static_assert(is_name_of_proxy("stop") && is_name_of_proxy("stopped") && is_name_of_proxy("stop_on_exit"));
    static_assert(is_name_of_proxy("drain") && is_name_of_proxy("mode") && is_name_of_proxy("name"));
    static_assert(!is_name_of_proxy("calls") && !is_name_of_proxy("sto") && !is_name_of_proxy("Stop"));
}

TEST_CASE("names that only the inside of a proxy has are free", "[worker][W19]") {
    const auto w = Worker<names_test::Name>::options().mode(thread).init();
    CHECK(w.submit(1).result() + w.worker(2).result() + w.map().result() == 4);
    CHECK(w.backend().result() + w.same_worker().result() + w.result().result() == 9);
    const auto copy = w;
    CHECK(copy == w);
    CHECK(w.with_key(1).worker(5).result() == 5);
    w.stop();
    CHECK(copy.stopped());
}

TEST_CASE("a proxy has up to 64 names", "[worker][W19]") {
    const auto many = Worker<names_test::Many>::options().mode(Mode::sync).init();
    CHECK(many.m1(1).result() + many.m30(1).result() + many.m64(1).result() == 98);
}
