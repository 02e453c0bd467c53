#include "concur/testing/fake_worker.hpp"

#include <fmt/format.h>

namespace concur::detail {
namespace {

/// A sync worker wants an object that it can tell from none.
class NoObjectFactory final : public ObjectFactory {
public:
    void* build() override { return this; }
    void destroy(void*) override {}
    const std::type_info& type() const noexcept override { return typeid(void); }
    void throw_pointer(void* object) const override {
        throw object;  // NOLINT(misc-throw-by-value-catch-by-reference)
    }
};

}  // namespace

StateBase* FakeObject::answer(const BareCall& call, CallContext& context) {
    FakeMethodBase* method = nullptr;
    {
        const std::lock_guard lock(mutex_);
        log_.emplace_back(call.method_name);
        if (call.pointer) method = find_locked(*call.pointer_type, call.pointer);
    }
    if (method) return method->answer(call, context);
    if (call.pointer) throw_no_answer(call.method_name);
    throw testing::UnexpectedCallError(
        fmt::format("a {} was called on a FakeWorker<{}>, which has no object to give it; call methods, or use a real "
                    "worker",
                    call.method_name, class_name_),
        std::string(call.method_name));
}

FakeMethodBase* FakeObject::find(const std::type_info& type, const void* pointer) const {
    const std::lock_guard lock(mutex_);
    return find_locked(type, pointer);
}

FakeMethodBase& FakeObject::add(std::unique_ptr<FakeMethodBase> method, const std::type_info& type,
                                const void* pointer) {
    const std::lock_guard lock(mutex_);
    if (FakeMethodBase* found = find_locked(type, pointer)) return *found;
    return *methods_.emplace_back(std::move(method));
}

std::vector<std::string> FakeObject::log() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

FakeMethodBase* FakeObject::find_locked(const std::type_info& type, const void* pointer) const {
    for (const auto& method : methods_)
        if (method->is(type, pointer)) return method.get();
    return nullptr;
}

WorkerHandle start_fake_worker(std::shared_ptr<FakeObject> object, std::string_view class_name, TimeSource clock) {
    BuilderState builder;
    builder.settings.mode = Mode::sync;
    builder.clock = clock;
    builder.instruments.stand_in = std::move(object);
    return WorkerHandle(Backend::start(resolve(builder, class_name), std::make_unique<NoObjectFactory>()));
}

void throw_nothing_held(std::string_view method) {
    throw NoStateError(fmt::format("no call of {} is held; release() and fail() answer calls after holds()", method));
}

void throw_no_answer(std::string_view method) {
    throw testing::UnexpectedCallError(
        fmt::format("{} was called, but its FakeWorker was not told how to answer; use on<&...>() with returns(), "
                    "throws(), does() or holds()",
                    method),
        std::string(method));
}

}  // namespace concur::detail
