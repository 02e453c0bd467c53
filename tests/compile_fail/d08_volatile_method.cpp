// id: D8
// expect: a method that is volatile or takes any number of arguments as printf does
// expect: Method<&Device::read>

#include <concur/concur.hpp>

struct Device {
    int read() volatile { return 1; }
};

void use(const concur::Proxy<Device>& device) { concur::Future<int> value = device.call<&Device::read>(); }
