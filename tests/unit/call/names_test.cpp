#include "concur/call/names.hpp"

#include <concur/concur.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using concur::detail::name_of_method;
using concur::detail::name_of_type;

namespace names {

struct Base {
    virtual ~Base() = default;
    virtual int virtual_method() { return 1; }
    int inherited() const { return 1; }
    int member = 1;
};

struct Big : Base {
    int virtual_method() override { return 2; }
    int method(int x) noexcept { return x; }
    int over(int x) { return x; }
    std::size_t over(const std::string& s) const { return s.size(); }
    static int static_method() { return 1; }
    template <class X>
    X any(X x) {
        return x;
    }
    template <char separator>
    char separated() {
        return separator;
    }
    bool operator<(int) const { return true; }
    bool operator>(int) const { return true; }
    int operator<<(int) const { return 1; }
    int operator()(int x) const { return x; }

    struct Inner {
        int method() { return 1; }
    };
    std::string_view local_class_name() const {
        struct Local {
            int method() { return 1; }
        };
        return name_of_method<&Local::method>();
    }
    std::string_view local_class_name_of_lvalue() & {
        struct Local {
            int method() { return 1; }
        };
        return name_of_method<&Local::method>();
    }

    int data = 0;
};

template <class T>
struct Box {
    int method() { return 1; }
    template <class U>
    int any() {
        return 1;
    }
};

namespace {

struct Hidden {
    int method() { return 1; }
    struct Deep {
        int method() { return 1; }
        int data = 0;
    };
};

namespace inner {
struct Deeper {
    int method() { return 1; }
};
}  // namespace inner

template <class T>
std::string_view local_class_name_in_template() {
    struct Local {
        T method() { return T(); }
    };
    return name_of_method<&Local::method>();
}

}  // namespace

}  // namespace names

namespace {
struct TopHidden {
    int method() { return 1; }
};
}  // namespace

struct NamesTestGlobal {
    int method() { return 1; }
};

TEST_CASE("a method's name carries its namespaces and its class", "[call][W7]") {
    CHECK(name_of_method<&NamesTestGlobal::method>() == "NamesTestGlobal::method");
    CHECK(name_of_method<&names::Big::method>() == "names::Big::method");
    CHECK(name_of_method<&names::Big::Inner::method>() == "names::Big::Inner::method");
    CHECK(name_of_method<&names::Big::data>() == "names::Big::data");
    CHECK(name_of_method<&names::Big::static_method>() == "names::Big::static_method");
    constexpr auto less = &names::Big::operator<;
    constexpr auto greater = &names::Big::operator>;
    constexpr auto shift = &names::Big::operator<<;
    constexpr auto call = &names::Big::operator();
    CHECK(name_of_method<less>() == "names::Big::operator<");
    CHECK(name_of_method<greater>() == "names::Big::operator>");
    CHECK(name_of_method<shift>() == "names::Big::operator<<");
    CHECK(name_of_method<call>() == "names::Big::operator()");
}

TEST_CASE("an inherited method carries the class that declares it", "[call][W7]") {
    CHECK(name_of_method<&names::Big::inherited>() == "names::Base::inherited");
    CHECK(name_of_method<&names::Big::member>() == "names::Base::member");
    CHECK(name_of_method<&names::Big::virtual_method>() == "names::Big::virtual_method");
    CHECK(name_of_method<&names::Base::virtual_method>() == "names::Base::virtual_method");
}

TEST_CASE("unnamed namespaces are left out of names", "[call][W7]") {
    CHECK(name_of_method<&TopHidden::method>() == "TopHidden::method");
    CHECK(name_of_method<&names::Hidden::method>() == "names::Hidden::method");
    CHECK(name_of_method<&names::Hidden::Deep::method>() == "names::Hidden::Deep::method");
    CHECK(name_of_method<&names::Hidden::Deep::data>() == "names::Hidden::Deep::data");
    CHECK(name_of_method<&names::inner::Deeper::method>() == "names::inner::Deeper::method");
    CHECK(name_of_method<&names::Box<TopHidden>::method>() == "names::Box<TopHidden>::method");
    CHECK(name_of_type<names::Box<names::Hidden>>() == "names::Box<names::Hidden>");
}

TEST_CASE("overloads and method templates have the name of the method", "[call][W7]") {
    CHECK(name_of_method<concur::overload<int>(&names::Big::over)>() == "names::Big::over");
    CHECK(name_of_method<concur::overload<const std::string&>(&names::Big::over)>() == "names::Big::over");
    CHECK(name_of_method<&names::Big::any<int>>() == "names::Big::any");
    CHECK(name_of_method<&names::Big::separated<']'>>() == "names::Big::separated");
    CHECK(name_of_method<&names::Big::separated<';'>>() == "names::Big::separated");
    CHECK(name_of_method<&names::Box<int>::method>() == "names::Box<int>::method");
    CHECK(name_of_method<&names::Box<names::Big>::any<char>>() == "names::Box<names::Big>::any");
}

TEST_CASE("a local class has its own name only", "[call][W7]") {
    struct Local {
        int method() { return 1; }
        struct Inner {
            int method() { return 1; }
        };
    };
    CHECK(name_of_method<&Local::method>() == "Local::method");
    CHECK(name_of_method<&Local::Inner::method>() == "Local::Inner::method");
    CHECK(name_of_type<Local>() == "Local");
    CHECK(names::Big().local_class_name() == "Local::method");
    names::Big big;
    CHECK(big.local_class_name_of_lvalue() == "Local::method");
    CHECK(names::local_class_name_in_template<int>() == "Local::method");
    const auto in_lambda = [] {
        struct InLambda {
            int method() { return 1; }
        };
        return name_of_method<&InLambda::method>();
    };
    CHECK(in_lambda() == "InLambda::method");
}

TEST_CASE("types have names too", "[call][W7]") {
    CHECK(name_of_type<names::Big>() == "names::Big");
    CHECK(name_of_type<names::Big::Inner>() == "names::Big::Inner");
    CHECK(name_of_type<std::vector<int>>() == "std::vector<int>");
    CHECK(name_of_type<int>() == "int");
}

TEST_CASE("calls are named after their method, function objects after what they are", "[call][W7]") {
    const auto worker = concur::Worker<names::Big>::options().mode("sync").init();
    const auto name = [](concur::CallContext& context) { return std::string(context.method_name()); };
    CHECK(worker.call<&names::Big::method>(1).method_name() == "names::Big::method");
    CHECK(worker.call<&names::Big::inherited>().method_name() == "names::Base::inherited");
    CHECK(worker.call<&names::Big::data>().method_name() == "names::Big::data");
    CHECK(worker.call([](names::Big&) {}).method_name() == "lambda");
    CHECK(worker.call([&](names::Big&, concur::CallContext& context) { return name(context); }).result() == "lambda");
    int (*const function)(names::Big&) = [](names::Big&) { return 1; };
    CHECK(worker.call(function).method_name() == "function");
    CHECK(worker.name() == "names::Big");
}
