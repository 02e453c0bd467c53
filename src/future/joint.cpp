#include "concur/future/joint.hpp"

#include <new>

#include "clock_of.hpp"
#include "concur/future/wait_graph.hpp"
#include "concur/observe/progress.hpp"

namespace concur::detail {

class Joint::Node final : public Continuation {
public:
    explicit Node(Joint& joint) noexcept : Continuation(Code::library), joint_{joint} {}
    void run(StateBase& source) noexcept override { joint_.arrived(joint_.nodes_.index_of(*this), source); }

private:
    Joint& joint_;
};

Joint::Joint(Sources sources, Until until, bool cancel_rest)
    : StateBase(Phase::pending),
      size_{sources.size()},
      until_{until},
      cancels_rest_{cancel_rest},
      left_{sources.size() + 1},
      nodes_{sources.size()},
      sources_{std::move(sources)} {
    set_clock(clock_of(sources_));
}

Joint::~Joint() = default;

void Joint::start() noexcept {
    add_unshared_ref();  // its own, until nothing is left
    for (; attached_ < size_ && phase() == Phase::pending; ++attached_) {
        Node& node = nodes_.make(attached_, *this);
        if (!sources_[attached_]->attach(node)) node.run(*sources_[attached_]);
    }
    if (second_is_through()) leave_and_settle();
    depart(size_ - attached_ + 1);
}

bool Joint::is_decided_by(const StateBase& source) const noexcept {
    switch (until_) {
        case Until::all_done:
            return false;
        case Until::first_done:
            return true;
        case Until::first_failure:
            return source.error() != nullptr;
        case Until::first_success:
            return source.error() == nullptr;
    }
    return false;
}

void Joint::arrived(std::size_t index, StateBase& source) noexcept {
    if (progress_) progress_->add(1);
    if (is_decided_by(source)) {
        if (advance(Phase::pending, Phase::running)) {
            // Only now, or one of the cancelled could decide.
            if (cancels_rest_) cancel_others(source);
            deciding_ = index;
            if (second_is_through()) leave_and_settle();
        }
    } else if (cancels_rest_ && until_ == Until::all_done && source.error()) {
        cancel_others(source);
    }
    depart(1);
}

bool Joint::second_is_through() noexcept { return one_is_through_.exchange(true, std::memory_order_acq_rel); }

void Joint::cancel_others(const StateBase& source) noexcept {
    if (rest_is_cancelled_.exchange(true, std::memory_order_relaxed)) return;
    std::vector<IntrusivePtr<StateBase>> sources;  // those of the joint may go at any moment
    add_sources(sources);
    for (const IntrusivePtr<StateBase>& other : sources)
        if (other.get() != &source) other->cancel(Cancel::only_this);
}

void Joint::ended(Phase from, CompletedBy) noexcept {
    // start() is through: before that, nobody who could cancel knows the joint.
    if (from == Phase::pending) leave();
}

void Joint::leave_and_settle() noexcept {
    const std::size_t deciding = deciding_;
    const IntrusivePtr<StateBase> source(sources_[deciding]);
    leave();
    settle(deciding, source.get());
}

void Joint::leave() noexcept {
    const Sources sources = take_sources();
    std::size_t gone = 0;
    for (std::size_t i = 0; i < attached_; ++i)
        if (sources[i]->detach(nodes_[i])) ++gone;
    if (gone != 0) depart(gone);
}

void Joint::depart(std::size_t count) noexcept {
    // Acquire and release: who brings it to zero sees what all others saw of the sources.
    if (left_.fetch_sub(count, std::memory_order_acq_rel) != count) return;
    if (advance(Phase::pending, Phase::running)) {
        static_cast<void>(take_sources());
        settle(none, nullptr);
    }
    release();
}

Joint::Sources Joint::take_sources() noexcept {
    const std::lock_guard lock(mutex_);
    return std::exchange(sources_, {});
}

void Joint::fail(StateBase& source) noexcept {
    if (const Claim claim = this->claim(Phase::running))
        complete(claim, source.see_error(), source.stop_reason(), CompletedBy::owner, &source);
}

void Joint::fail(std::exception_ptr error, StopReason reason) noexcept {
    if (const Claim claim = this->claim(Phase::running)) complete(claim, std::move(error), reason, CompletedBy::owner);
}

std::optional<std::size_t> Joint::wait_or_cancel(Duration timeout) {
    try {
        if (wait(deadline_after(clock().now(), timeout))) {
            end_progress_as_settled();
            return std::nullopt;
        }
    } catch (...) {
        if (cancel(Cancel::only_this)) {
            end_progress(ProgressEnd::fail);
            throw;
        }
        wait();  // it is being settled at this moment
        end_progress_as_settled();
        return std::nullopt;
    }
    std::size_t pending = 0;
    {
        const std::lock_guard lock(mutex_);
        for (const StateBase* source : sources_) pending += source->done() ? 0 : 1;
    }
    if (cancel(Cancel::only_this)) {
        end_progress(ProgressEnd::stop);
        return pending;
    }
    wait();  // it is being settled at this moment, and values may be in it already
    end_progress_as_settled();
    return std::nullopt;
}

void Joint::begin_progress(std::string_view description) noexcept {
    const ProgressOptions options{.description = description};
    progress_.reset(new (std::nothrow) ProgressLine(screen_on_stderr(), saturated(size_), options));
}

void Joint::end_progress(ProgressEnd how) noexcept {
    if (progress_) progress_->end(how);
}

void Joint::end_progress_as_settled() noexcept { end_progress(error() ? ProgressEnd::fail : ProgressEnd::success); }

void Joint::dependencies(Dependencies& dependencies) {
    if (phase() != Phase::pending) return;  // decided: whoever did that goes on
    const std::lock_guard lock(mutex_);
    dependencies.any_suffices = until_ == Until::first_done || until_ == Until::first_success;
    for (StateBase* source : sources_) dependencies.on(IntrusivePtr(source));
}

void Joint::add_sources(std::vector<IntrusivePtr<StateBase>>& sources) {
    const std::lock_guard lock(mutex_);
    sources.reserve(sources.size() + sources_.size());
    for (StateBase* source : sources_) sources.emplace_back(source);
}

}  // namespace concur::detail
