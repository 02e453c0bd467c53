#include <concur/core/intrusive_ptr.hpp>

#include <utility>

#include "support/catch.hpp"

namespace {

struct Counted {
    int references = 0;
    void add_ref() { ++references; }
    void release() { --references; }
};

using Pointer = concur::detail::IntrusivePtr<Counted>;

}  // namespace

TEST_CASE("an intrusive pointer is one word and counts its owners", "[intrusive_ptr]") {
    STATIC_REQUIRE(sizeof(Pointer) == sizeof(void*));
    Counted object;
    {
        const Pointer first(&object);
        CHECK(object.references == 1);
        Pointer second = first;
        CHECK(object.references == 2);
        CHECK(first == second);
        const Pointer third = std::move(second);
        CHECK(object.references == 2);
        CHECK_FALSE(second);  // NOLINT(bugprone-use-after-move)
        CHECK(third.get() == &object);
    }
    CHECK(object.references == 0);
}

TEST_CASE("an intrusive pointer survives assignment to itself and from null", "[intrusive_ptr]") {
    Counted object;
    Pointer pointer(&object);
    Pointer& same = pointer;
    pointer = same;
    CHECK(object.references == 1);
    CHECK(pointer);
    pointer = nullptr;
    CHECK(object.references == 0);
    pointer = Pointer(nullptr);
    CHECK_FALSE(pointer);
}

TEST_CASE("a reference can be adopted and given away", "[intrusive_ptr]") {
    Counted object;
    object.add_ref();
    Pointer pointer = Pointer::adopt(&object);
    CHECK(object.references == 1);
    CHECK(pointer.detach() == &object);
    CHECK_FALSE(pointer);
    CHECK(object.references == 1);
}
