// id: D24
// expect: this result is a reference to something that cannot be copied
// expect: Method<&Canvas::shape>
// expect: const Shape

#include <concur/concur.hpp>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};
struct Canvas {
    const Shape& shape() const { return *held; }
    const Shape* held = nullptr;
};

void use(const concur::Proxy<Canvas>& canvas) { auto shape = canvas.call<&Canvas::shape>(); }
