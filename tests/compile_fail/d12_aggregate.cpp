// id: D12
// expect: this worker class has no public constructor for the arguments of init()
// expect: WorkerClass<Point>
// expect: Given<int, int, int>

#include <concur/concur.hpp>

struct Point {
    int x;
    int y;
};

void use() { auto point = concur::Worker<Point>::options().mode(concur::sync).init(1, 2, 3); }
