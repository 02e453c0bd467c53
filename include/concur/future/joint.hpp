/// What many futures come to, as one future: under `wait`, `gather`, `when_all` and `when_any`.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "concur/core/duration.hpp"
#include "concur/core/fork.hpp"
#include "concur/core/intrusive_ptr.hpp"
#include "concur/future/future.hpp"
#include "concur/future/node_storage.hpp"
#include "concur/future/unwrap.hpp"

namespace concur::detail {

class ProgressLine;
enum class ProgressEnd : unsigned char;

/// A state that waits for other states, its sources, without a thread: each gets a continuation, and they count down.
///
/// Whoever completes the source that decides also settles the joint; what is still attached at the others is taken
/// back then, and when the joint is cancelled. The sources themselves go on; with `cancel_rest` the first one that
/// decides, or fails where all are waited for, cancels the others. Linear in the number of sources, however they end.
///
/// Owners: the derived class (or the caller of a wait) keeps the handles on the sources until the joint is settled, or
/// `ended`. The joint has only their addresses, and forgets them just before that. It keeps itself until the last
/// continuation has run or was taken back.
class Joint : public StateBase {
public:
    enum class Until : unsigned char { all_done, first_done, first_failure, first_success };
    using Sources = std::vector<StateBase*>;

    /// Shows how many sources are done, on stderr if that is a terminal; to be called before start(). Nothing for an
    /// empty description.
    void show_progress(std::string_view description) noexcept {
        if (!description.empty()) begin_progress(description);
    }

    /// Begins to wait; once, when the joint is complete. It may be settled when this returns.
    void start() noexcept;

    /// For the only one who knows the joint: waits for it on the calling thread, and cancels it if the time is over
    /// first, or the wait throws. Then it gives the number of sources that were not done; nothing if it was settled.
    [[nodiscard]] std::optional<std::size_t> wait_or_cancel(Duration timeout);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void dependencies(Dependencies& dependencies) override;
    void add_sources(std::vector<IntrusivePtr<StateBase>>& sources) override;

protected:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    Joint(Sources sources, Until until, bool cancel_rest = false);
    ~Joint() override;

    /// Ends the joint, which is running: by `publish`, or by `fail`. `deciding` is the index of the source that was
    /// enough, or `none` when all sources are done and no single one was.
    virtual void settle(std::size_t deciding, StateBase* source) noexcept = 0;
    /// Ends it in the failure of a source, or in one of its own.
    void fail(StateBase& source) noexcept;
    void fail(std::exception_ptr error, StopReason reason) noexcept;

    /// Cancelled: what is kept of the futures may go when this returns.
    void ended(Phase from, CompletedBy by) noexcept override;

private:
    class Node;

    [[nodiscard]] bool is_decided_by(const StateBase& source) const noexcept;
    void arrived(std::size_t index, StateBase& source) noexcept;
    void cancel_others(const StateBase& source) noexcept;
    [[nodiscard]] bool second_is_through() noexcept;
    void leave_and_settle() noexcept;
    void leave() noexcept;
    void depart(std::size_t count) noexcept;
    [[nodiscard]] Sources take_sources() noexcept;
    void begin_progress(std::string_view description) noexcept;
    void end_progress(ProgressEnd how) noexcept;
    void end_progress_as_settled() noexcept;

    const std::size_t size_;
    const Until until_;
    const bool cancels_rest_;
    // Attaching and taking back must not overlap: of start() and whoever decides, the second one takes back and
    // settles.
    std::atomic<bool> one_is_through_{false};
    std::size_t deciding_ = none;  // written by who decides
    std::atomic<bool> rest_is_cancelled_{false};
    // Continuations that have neither run nor been taken back, and start() while it is at work.
    std::atomic<std::size_t> left_;
    std::size_t attached_ = 0;
    NodeStorage<Node> nodes_;                 // the first `attached_` are made
    std::unique_ptr<ProgressLine> progress_;  // here, because a continuation may still run when the wait has ended
    std::mutex mutex_;                        // guards sources_, which other threads read while they are there
    Sources sources_;
};

/// A joint that ends in a Result. `Kept` holds the futures until then, and makes the result of them when it is called
/// with the index of the source that decided.
template <class Result, class Kept>
class JointState final : public ValueState<Result, Joint> {
    using Base = ValueState<Result, Joint>;

public:
    JointState(Kept kept, Joint::Sources sources, Joint::Until until, bool cancel_rest)
        : Base(std::move(sources), until, cancel_rest), kept_{std::move(kept)} {}

protected:
    void settle(std::size_t deciding, StateBase* source) noexcept override {
        if (source && source->error()) {
            kept_.reset();
            return this->fail(*source);
        }
        try {
            this->emplace([&]() -> Result { return (*kept_)(deciding); });
        } catch (...) {
            kept_.reset();
            return this->fail(std::current_exception(), Kept::failure_reason);
        }
        kept_.reset();
        static_cast<void>(this->publish(Phase::running));
    }
    void ended(Phase from, CompletedBy by) noexcept override {
        Base::ended(from, by);
        if (from == Phase::pending) kept_.reset();
    }

private:
    std::optional<Kept> kept_;
};

/// Throws what a joint refuses: empty futures, and those of a parent process.
template <class A>
[[nodiscard]] Joint::Sources sources_of(const A& structure) {
    Joint::Sources sources;
    if constexpr (requires { structure.size(); }) sources.reserve(structure.size());
    const auto collect = [&sources](StateBase& state) {
        // A process that never forked need not fetch each state from far memory to see that.
        if (fork_generation() != 0) state.refuse_if_forked();
        sources.push_back(&state);
    };
    visit_futures(structure, collect);
    return sources;
}

template <class Result, class Kept>
[[nodiscard]] Future<Result> join(Kept kept, Joint::Until until, bool cancel_rest = false,
                                  std::string_view progress = {}) {
    Joint::Sources sources = sources_of(kept.futures);
    auto* joint = new JointState<Result, Kept>(std::move(kept), std::move(sources), until, cancel_rest);
    auto future = Future<Result>::adopt(joint);
    joint->show_progress(progress);
    joint->start();
    return future;
}

}  // namespace concur::detail
