#include "concur/future/wait.hpp"

namespace concur::detail {
namespace {

/// Ends when enough is done, and knows no failure: `wait` only tells what it found.
class Waited final : public ValueState<void, Joint> {
public:
    Waited(Sources sources, Until until, KeptStates kept = {})
        : ValueState(std::move(sources), until), kept_{std::move(kept)} {}

private:
    void settle(std::size_t, StateBase*) noexcept override { static_cast<void>(publish(Phase::running)); }

    const KeptStates kept_;
};

Joint::Until until(ReturnWhen return_when) noexcept {
    switch (return_when) {
        case ReturnWhen::all_completed:
            break;
        case ReturnWhen::first_completed:
            return Joint::Until::first_done;
        case ReturnWhen::first_exception:
            return Joint::Until::first_failure;
    }
    return Joint::Until::all_done;
}

}  // namespace

Future<void> when_settled(KeptStates states, ReturnWhen return_when) {
    Joint::Sources sources;
    for (const IntrusivePtr<StateBase>& state : states) sources.push_back(state.get());
    auto* waited = new Waited(std::move(sources), until(return_when), std::move(states));
    auto future = Future<void>::adopt(waited);
    waited->start();
    return future;
}

void wait_for_sources(Joint::Sources sources, const WaitOptions& options) {
    auto* waited = new Waited(std::move(sources), until(options.return_when));
    const auto handle = Future<void>::adopt(waited);
    waited->show_progress(options.progress);
    waited->start();
    static_cast<void>(waited->wait_or_cancel(options.timeout));
}

}  // namespace concur::detail
