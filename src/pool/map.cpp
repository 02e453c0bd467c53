#include "concur/pool/map.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "concur/core/text.hpp"

namespace concur::detail {
namespace {

std::size_t checked_chunk(const MapOptions& options) {
    if (options.chunk < 1)
        throw ConfigError("chunk", fmt::format("{} is not allowed; 1 or more elements", options.chunk));
    return static_cast<std::size_t>(options.chunk);
}

// Two chunks for each worker: one that runs, one that is ready when it ends. A buffer below a chunk counts as one.
std::size_t elements_ahead(const MapOptions& options, std::size_t chunk, const Settings& settings) {
    if (!options.buffer) return 2 * chunk * static_cast<std::size_t>(settings.max_workers.value_or(1));
    if (*options.buffer < 0)
        throw ConfigError("buffer", fmt::format("{} is not allowed; 0 or more elements", *options.buffer));
    return std::max(chunk, static_cast<std::size_t>(*options.buffer));
}

Duration checked_timeout(const MapOptions& options) {
    if (options.timeout.is_nan()) throw ConfigError("timeout", "not a number is not allowed; a length of time");
    return options.timeout;
}

}  // namespace

// First the results: their function then knows that nobody wants more of them, before it is asked to stop.
void MapCall::give_up() noexcept {
    results_.reset();
    if (state_->made_before_fork()) return;
    state_->cancel(Cancel::only_this);
    if (state_->done()) static_cast<void>(state_->see_error());
}

MapEngine::MapEngine(const WorkerHandle& worker, const MapOptions& options)
    : worker_{worker},
      chunk_{checked_chunk(options)},
      most_ahead_{elements_ahead(options, chunk_, worker.get().settings())},
      timeout_{checked_timeout(options)},
      description_{options.progress} {}

MapEngine::~MapEngine() { end(); }

void MapEngine::add_call(MapCall call, std::size_t elements) {
    calls_.push_back(std::move(call));
    ahead_ += elements;
}

bool MapEngine::advance() {
    if (stage_ == Stage::over) return false;
    try {
        if (stage_ == Stage::fresh) {
            start();
        } else {
            drop_result();
            --ahead_;
            ++delivered_;
            if (progress_) progress_->add(1);
        }
        if (find_next()) return true;
    } catch (...) {
        end();
        if (progress_) progress_->end(ProgressEnd::fail);
        throw;
    }
    end();
    if (progress_) progress_->end(ProgressEnd::success);
    return false;
}

void MapEngine::start() {
    stage_ = Stage::drawing;
    if (timeout_ != never) deadline_ = deadline_after(worker().clock().now(), timeout_);
    if (!description_.empty())
        progress_.emplace(screen_on_stderr(), total(), ProgressOptions{.description = description_});
}

bool MapEngine::find_next() {
    for (;;) {
        draw_ahead();
        if (calls_.empty()) {
            if (drawing_error_) std::rethrow_exception(drawing_error_);
            return false;
        }
        MapCall& oldest = calls_.front();
        await(oldest);
        if (take(oldest)) return true;
        if (oldest.state().error()) std::rethrow_exception(oldest.state().see_error());
        calls_.pop_front();
    }
}

void MapEngine::draw_ahead() {
    while (stage_ == Stage::drawing && ahead_ + chunk_ <= most_ahead_) {
        try {
            if (ended()) {
                stage_ = Stage::drawn;
            } else {
                if (is_late()) std::rethrow_exception(late_error());
                draw(chunk_);
            }
        } catch (...) {
            drawing_error_ = std::current_exception();
            stage_ = Stage::drawn;
        }
    }
}

void MapEngine::await(const MapCall& call) {
    if (is_late() || !call.state().wait(deadline_)) std::rethrow_exception(late_error());
}

bool MapEngine::is_late() const noexcept { return deadline_ != no_deadline && worker().clock().now() >= deadline_; }

std::exception_ptr MapEngine::late_error() const {
    return std::make_exception_ptr(
        TimeoutError(fmt::format("the map on {} did not end within {}; it gave {} results, and what had not started "
                                 "is cancelled",
                                 worker().name(), text_of(timeout_), delivered_),
                     timeout_.nanoseconds()));
}

// Newest first: a worker that goes on meanwhile takes the oldest ones.
void MapEngine::end() noexcept {
    stage_ = Stage::over;
    for (; !calls_.empty(); calls_.pop_back()) calls_.back().give_up();
}

// While somebody still wants the results, only a stop of the worker asks.
void throw_chunk_stopped(const CallContext& context) {
    throw WorkerStoppedError(fmt::format("the rest of a chunk of a map was given up: the worker {} has been stopped",
                                         context.worker_name()));
}

}  // namespace concur::detail
