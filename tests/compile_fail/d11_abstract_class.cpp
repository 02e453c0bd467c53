// id: D11
// expect: this worker class is abstract
// expect: WorkerClass<Shape>

#include <concur/concur.hpp>

struct Shape {
    virtual ~Shape() = default;
    virtual double area() const = 0;
};

void use() {
    auto shape = concur::Worker<Shape>::options().init();
    double area = shape.call<&Shape::area>().result();
}
