// Process mode: the object lives in a child process, behind a socket. docs/design/processes.md
#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <vector>

#include "backend/process_protocol.hpp"
#include "backend/serving.hpp"
#include "concur/backend/backend.hpp"
#include "concur/call/runner.hpp"
#include "concur/core/errors.hpp"
#include "concur/core/text.hpp"
#include "core/runtime.hpp"
#include "future/blocking_wait.hpp"
#include "process/frame.hpp"
#include "process/launcher.hpp"
#include "process/library_descriptors.hpp"
#include "process/page.hpp"
#include "process/reactor.hpp"

namespace concur::detail {

void throw_too_large(std::string_view method, std::uint64_t size, std::uint64_t max_message) {
    throw SerializationError(fmt::format("{}: a message of {} bytes is larger than max_message, {}; raise that option, "
                                         "or send less at once",
                                         method, size, max_message),
                             {}, std::string(method));
}

namespace {

// How deep workers may be made inside of workers. P12
constexpr int max_nesting = 8;

/// What calls on their way share with their worker, and may outlive it with.
struct Line {
    std::mutex mutex;
    std::shared_ptr<process::Page> page;  // of the child that lives now
};

/// One call from its acceptance to its answer.
class Flight final : public CallAbroad {
public:
    enum class Place : unsigned char { encoding, backlog, wire, over };

    Flight(std::shared_ptr<Line> of_worker, CallBase& of_call) : line{std::move(of_worker)}, call{&of_call} {}

    [[nodiscard]] bool withdraw() noexcept override {
        const std::lock_guard lock(line->mutex);
        if (place == Place::wire) return line->page->withdraw(slot(), number);
        if (place == Place::over || is_withdrawn) return false;
        return is_withdrawn = true;
    }
    void request_stop() noexcept override {
        const std::lock_guard lock(line->mutex);
        if (place == Place::wire) line->page->request_stop(slot(), number);
    }

    [[nodiscard]] std::size_t slot() const noexcept { return number % process::Page::slots; }

    const std::shared_ptr<Line> line;
    // Guarded by the line's mutex, all of them.
    CallBase* call;  // with a reference, until it is over
    Place place = Place::encoding;
    bool is_withdrawn = false;
    std::uint64_t number = 0;
    Bytes body;
};

class ProcessBackend final : public Backend, private process::Listener {
public:
    ProcessBackend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory, std::unique_ptr<const LimitPool> limits)
        : Backend(std::move(config), std::move(factory)),
          max_message_{static_cast<std::uint64_t>(*settings().max_message)},
          limits_for_child_{std::move(limits)},
          line_{std::make_shared<Line>()},
          flying_(process::Page::slots) {
        for (std::size_t slot = process::Page::slots; slot-- > 0;) free_slots_.push_back(slot);
    }

private:
    enum Start : std::uint32_t { starting, started, failed };
    enum class State : unsigned char {
        starting,  ///< a child makes its object
        serving,
        waiting,  ///< for the time of the next restart
        closing,  ///< the child was told that no more calls come
        dead,     ///< and no child will come
    };

    /// Makes a child; see restart_later().
    class Restart final : public Timer {
    public:
        explicit Restart(ProcessBackend& worker) : worker_(&worker) {}
        void expired() noexcept override { worker_->restart(); }

    private:
        IntrusivePtr<ProcessBackend> worker_;
    };

    /// A stop that the child does not follow: first asked to end, then killed. W22
    class Ladder final : public Timer {
    public:
        Ladder(ProcessBackend& worker, int signal) : worker_(&worker), signal_{signal} {}
        void expired() noexcept override { worker_->climb(signal_); }

    private:
        IntrusivePtr<ProcessBackend> worker_;
        int signal_;
    };

    /// What the child does, and what is closed here when it was forked.
    class Main final : public process::ChildMain {
    public:
        Main(ProcessBackend& worker, process::Descriptor socket) : worker_{worker}, socket_{std::move(socket)} {}
        int run() noexcept override { return worker_.be_child(std::move(socket_)); }
        void was_forked() noexcept override { socket_.close(); }

    private:
        ProcessBackend& worker_;
        process::Descriptor socket_;
    };

    // ---- children

    int be_child(process::Descriptor socket) noexcept {
        WorkerConfig config{.settings = settings(),
                            .observer = nullptr,
                            .clock = TimeSource(),
                            .instruments = instruments() ? instruments()->settings : InstrumentSettings(),
                            .policies = shared_policies(),
                            .limits = std::move(limits_for_child_),
                            .loop = nullptr};
        // The mutex may have been held by another thread when this process was forked.
        return serve_process_worker(std::move(config), object_factory(), std::move(socket), *page_of_launch_,
                                    max_message_);
    }

    void start_object() override {
        if (process::nesting_level() >= max_nesting)
            throw ConfigError("mode", fmt::format("process workers are made inside of process workers, {} deep; that "
                                                  "is as deep as it goes, and looks like a program that forks itself",
                                                  max_nesting));
        launch();
        const Duration timeout = *settings().init_timeout;
        const TimePoint deadline = deadline_after(clock().now(), timeout);
        bool is_late = false;
        {
            const BlockingWait blocking;
            while (start_.load(std::memory_order_acquire) == starting && clock().now() < deadline)
                clock().park(start_, starting, deadline);
            if (start_.load(std::memory_order_acquire) == starting) {
                is_late = true;
                kill_child(SIGKILL);
                while (start_.load(std::memory_order_acquire) == starting) clock().park(start_, starting);
            }
        }
        if (start_.load(std::memory_order_acquire) == started) return;
        if (is_late)
            throw TimeoutError(
                fmt::format("{} was not constructed within init_timeout, {}; give it longer, or do less in the "
                            "constructor",
                            name(), text_of(timeout)),
                timeout.nanoseconds());
        std::rethrow_exception(std::exchange(start_error_, nullptr));
    }

    // Throws std::system_error. The reactor holds a reference until the child has ended.
    void launch() {
        auto page = std::make_shared<process::Page>();
        process::SocketPair sockets = process::make_socket_pair();
        process::close_in_children(sockets.first.number());
        page_of_launch_ = page;
        process::Child child;
        try {
            Main main(*this, std::move(sockets.second));
            child = process::launch(main);
        } catch (...) {
            process::forget_descriptor(sockets.first.number());
            throw;
        }
        const std::lock_guard lock(line_->mutex);
        child_ = std::move(child);
        socket_ = std::move(sockets.first);
        reader_ = process::FrameReader(max_message_ + sizeof(ReplyHead));
        writer_ = process::FrameWriter();
        line_->page = std::move(page);
        state_ = State::starting;
        hears_socket_ = true;
        add_ref();
        process::Reactor::get().add(socket_.number(), EPOLLIN, *this);
        if (child_.descriptor() >= 0) process::Reactor::get().add(child_.descriptor(), EPOLLIN, *this);
    }

    void kill_child(int signal) noexcept {
        const std::lock_guard lock(line_->mutex);
        child_.kill(signal);
    }

    // ---- on the reactor's thread

    void ready(int descriptor, std::uint32_t events) noexcept override {
        if (descriptor == child_.descriptor()) return child_ended();
        if (events & EPOLLOUT) {
            const std::lock_guard lock(line_->mutex);
            flush();
        }
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive();
    }

    /// Takes what has come; the end of the stream is no news, the end of the child is.
    void receive() noexcept {
        std::vector<process::Frame> frames;
        process::Stream end = process::Stream::broken;
        try {
            end = reader_.read(socket_.number(), frames);
        } catch (...) {  // no memory for it: the stream is lost
            kill_child(SIGKILL);
        }
        for (process::Frame& frame : frames)
            if (!take(frame)) end = process::Stream::broken;
        if (end != process::Stream::ended && end != process::Stream::broken) return;
        if (std::exchange(hears_socket_, false)) process::Reactor::get().remove(socket_.number());
        if (end == process::Stream::broken) kill_child(SIGKILL);
        if (child_.descriptor() < 0) child_ended();  // it had ended before it could be watched
    }

    bool take(process::Frame& frame) noexcept {
        switch (static_cast<FrameKind>(frame.header.kind)) {
            case FrameKind::started:
                object_lives();
                return true;
            case FrameKind::not_started:
                start_error_ = error_in(frame.body, {});
                return true;
            case FrameKind::value:
            case FrameKind::error:
                return take_answer(frame);
            default:
                return false;
        }
    }

    static std::exception_ptr error_in(std::span<const std::byte> bytes, const ExceptionCodecs& codecs) noexcept {
        try {
            Reader from(bytes);
            return decode_exception(from, codecs);
        } catch (...) {
            return std::current_exception();
        }
    }

    bool take_answer(process::Frame& frame) noexcept {
        if (frame.body.size() < sizeof(ReplyHead)) return false;
        IntrusivePtr<Flight> flight;
        {
            const std::lock_guard lock(line_->mutex);
            IntrusivePtr<Flight>& place = flying_[frame.header.call % process::Page::slots];
            if (!place || place->number != frame.header.call) return false;
            flight = std::move(place);
            place = {};
            free_slots_.push_back(flight->slot());
            flight->place = Flight::Place::over;
        }
        CallBase& call = *flight->call;
        ReplyHead head{};
        std::memcpy(&head, frame.body.data(), sizeof head);
        call.set_attempts_made(head.attempts);
        call.disarm_deadline();
        if (static_cast<FrameKind>(frame.header.kind) == FrameKind::value) {
            frame.body.erase(frame.body.begin(), frame.body.begin() + sizeof head);
            if (!call.publish_encoded_value(std::move(frame.body))) call.await_description();
        } else {
            end_call(
                call,
                error_in(std::span(frame.body).subspan(sizeof head), {.results = call.crossing()->rejected_results}),
                head.reason);
        }
        {
            const std::lock_guard lock(line_->mutex);
            pump();
        }
        forget(*flight);
        return true;
    }

    void object_lives() noexcept {
        {
            const std::lock_guard lock(line_->mutex);
            state_ = State::serving;
            pump();
        }
        start_error_ = nullptr;
        if (start_.load(std::memory_order_acquire) == starting) {
            start_.store(started, std::memory_order_release);
            wake_all(start_);
        }
        close_if_done();
    }

    // ---- the end of a child

    void child_ended() noexcept {
        const IntrusivePtr<ProcessBackend> keep = IntrusivePtr<ProcessBackend>::adopt(this);  // the reactor's
        if (child_.descriptor() >= 0) process::Reactor::get().remove(child_.descriptor());
        drain_socket();
        const int pid = child_.pid();
        const std::string cause = child_.await_end();
        std::vector<IntrusivePtr<Flight>> begun;
        std::vector<IntrusivePtr<Flight>> rest;
        State before{};
        {
            const std::lock_guard lock(line_->mutex);
            process::forget_descriptor(socket_.number());
            socket_.close();
            child_ = process::Child();
            before = std::exchange(state_, State::waiting);
            take_flights(begun, rest);
        }
        if (start_.load(std::memory_order_acquire) == starting) return start_has_failed(pid, cause);
        last_pid_ = pid;
        last_cause_ = start_error_
                          ? fmt::format("{}, because its constructor threw {}", cause, original_type(start_error_))
                          : cause;
        start_error_ = nullptr;
        for (const IntrusivePtr<Flight>& flight : begun) end_by_death(*flight, true);
        if (before == State::closing) {
            for (const IntrusivePtr<Flight>& flight : rest) end_by_death(*flight, false);
            return end();
        }
        if (!may_restart()) {
            {
                const std::lock_guard lock(line_->mutex);
                state_ = State::dead;
                for (IntrusivePtr<Flight>& flight : backlog_) rest.push_back(std::move(flight));
                backlog_.clear();
            }
            for (const IntrusivePtr<Flight>& flight : rest) end_by_death(*flight, false);
            return close_if_done();
        }
        if (*settings().on_restart == Queued::fail) {
            for (const IntrusivePtr<Flight>& flight : rest) end_by_death(*flight, false);
        } else {
            const std::lock_guard lock(line_->mutex);
            for (auto flight = rest.rbegin(); flight != rest.rend(); ++flight) {
                (*flight)->place = Flight::Place::backlog;
                backlog_.push_front(std::move(*flight));
            }
        }
        restart_later();
    }

    /// What the child had answered is delivered.
    void drain_socket() noexcept {
        while (hears_socket_) {
            std::vector<process::Frame> frames;
            process::Stream end = process::Stream::broken;
            try {
                end = reader_.read(socket_.number(), frames);
            } catch (...) {  // NOLINT(bugprone-empty-catch): no memory; what cannot be read is lost
            }
            for (process::Frame& frame : frames) static_cast<void>(take(frame));
            if (end == process::Stream::would_block) continue;
            hears_socket_ = false;
            process::Reactor::get().remove(socket_.number());
        }
    }

    // With the line's mutex held.
    void take_flights(std::vector<IntrusivePtr<Flight>>& begun, std::vector<IntrusivePtr<Flight>>& rest) noexcept {
        for (IntrusivePtr<Flight>& place : flying_) {
            if (!place) continue;
            free_slots_.push_back(place->slot());
            auto& list = line_->page->has_begun(place->slot(), place->number) ? begun : rest;
            list.push_back(std::move(place));
            place = {};
        }
        std::sort(rest.begin(), rest.end(), [](const auto& a, const auto& b) { return a->number < b->number; });
    }

    void start_has_failed(int pid, const std::string& cause) noexcept {
        {
            const std::lock_guard lock(line_->mutex);
            state_ = State::dead;
        }
        if (!start_error_)
            start_error_ = std::make_exception_ptr(WorkerDiedError(
                fmt::format("the child process {} of {} {} while it made its object", pid, name(), cause), pid, cause,
                "constructor", 1, true));
        start_.store(failed, std::memory_order_release);
        wake_all(start_);
    }

    void end_by_death(Flight& flight, bool has_begun) noexcept {
        CallBase& call = *flight.call;
        if (stop_level() == StopLevel::now)
            end_call(call, stopped_error(name(), call.method_name()), StopReason::worker_stopped);
        else
            end_call(call, died_error(call, has_begun), StopReason::worker_died);
        set_over(flight);
        forget(flight);
    }

    std::exception_ptr died_error(const CallBase& call, bool has_begun) const {
        return std::make_exception_ptr(WorkerDiedError(
            fmt::format("{} was {}: the child process {} of the worker {} {}", call.method_name(),
                        has_begun ? "not finished" : "not begun", last_pid_, name(), last_cause_),
            last_pid_, last_cause_, std::string(call.method_name()), std::max(call.attempts(), 1), has_begun));
    }

    // ---- restarts

    bool may_restart() noexcept {
        const TimePoint now = clock().now();
        const Duration within = *settings().max_restarts_within;
        std::erase_if(restarts_, [&](TimePoint time) { return deadline_after(time, within) < now; });
        return stop_level() != StopLevel::now &&
               restarts_.size() < static_cast<std::size_t>(std::max(*settings().max_restarts, 0));
    }

    /// At once, then after 100 ms, doubled each time up to 10 s.
    void restart_later() noexcept {
        Duration wait{};
        if (!restarts_.empty()) {
            wait = std::chrono::milliseconds(100);
            for (std::size_t i = 1; i < restarts_.size() && wait < std::chrono::seconds(10); ++i) wait = wait + wait;
            wait = std::min(wait, Duration(std::chrono::seconds(10)));
        }
        restarts_.push_back(clock().now());
        clock().schedule(IntrusivePtr<Timer>(new Restart(*this)), deadline_after(clock().now(), wait));
    }

    void restart() noexcept {
        {
            const std::lock_guard lock(line_->mutex);
            if (state_ != State::waiting) return;
        }
        if (stop_level() == StopLevel::now) return give_up_restart("was stopped");
        try {
            launch();
        } catch (const std::exception& error) {
            give_up_restart(error.what());
        }
    }

    void give_up_restart(std::string_view why) noexcept {
        std::deque<IntrusivePtr<Flight>> rest;
        {
            const std::lock_guard lock(line_->mutex);
            state_ = State::dead;
            std::swap(rest, backlog_);
        }
        last_cause_ = fmt::format("{}, and was not replaced: {}", last_cause_, why);
        for (const IntrusivePtr<Flight>& flight : rest) end_by_death(*flight, false);
        close_if_done();
    }

    // ---- calls

    void accept(CallBase& call) override {
        {
            const std::lock_guard lock(line_->mutex);
            if (is_closed_) throw_stopped(call);
            ++under_way_;
            note_call();
        }
        send(call);
    }

    // Held calls keep the worker open.
    void enqueue(CallBase& call) noexcept override {
        {
            const std::lock_guard lock(line_->mutex);
            ++under_way_;
            note_call();
        }
        send(call);
    }

    // From here on its phase is running: whoever wants to end it asks the flight.
    void send(CallBase& call) noexcept {
        const IntrusivePtr<Flight> flight(new Flight(line_, call));
        call.add_ref();
        add_ref();
        if (!call.advance(Phase::queued, Phase::running)) {
            Runner::pass_over(call);
            set_over(*flight);
            return forget(*flight);
        }
        call.set_abroad(IntrusivePtr<CallAbroad>(flight.get()));
        Bytes body;
        try {
            encode_call(call, body);
        } catch (...) {
            call.drop_arguments();
            end_call(call, std::current_exception(), StopReason::not_retryable);
            set_over(*flight);
            return forget(*flight);
        }
        call.drop_arguments();
        if (call.stop_requested()) call.cancel(Cancel::only_this);  // asked before the flight was known
        bool is_dead = false;
        bool is_withdrawn = false;
        {
            const std::lock_guard lock(line_->mutex);
            is_dead = state_ == State::dead;
            is_withdrawn = flight->is_withdrawn;
            if (!is_dead && !is_withdrawn) {
                flight->body = std::move(body);
                flight->place = Flight::Place::backlog;
                backlog_.push_back(flight);
                pump();
            }
        }
        if (is_withdrawn) {
            call.await_description();
            set_over(*flight);
            return forget(*flight);
        }
        if (is_dead) return end_by_death(*flight, false);
        if (stop_level() == StopLevel::now) fail_queued_calls();
    }

    void encode_call(CallBase& call, Bytes& body) {
        const Crossing* const crossing = call.crossing();
        if (!crossing) throw_function_cannot_cross(call.method_name(), "task");
        CallHead head{.crossing = crossing,
                      .method = &call.method(),
                      .slot = 0,
                      .submitted = call.submitted(),
                      .deadline = call.deadline(),
                      .has_own_numbers = false,
                      .num_retries = 0,
                      .call_timeout = never,
                      .attempt_timeout = never};
        if (const CallPolicy* own = call.own_policy()) {
            head.has_own_numbers = true;
            head.num_retries = own->rules.numbers.num_retries;
            head.call_timeout = own->rules.numbers.call_timeout;
            head.attempt_timeout = own->rules.numbers.attempt_timeout;
        }
        append_bits(body, head);
        crossing->encode(call, body);
        if (body.size() > max_message_) throw_too_large(call.method_name(), body.size(), max_message_);
    }

    // Puts calls on the wire, as long as there are slots. With the line's mutex held.
    void pump() noexcept {
        if (state_ != State::serving) return;
        while (!backlog_.empty() && !free_slots_.empty()) {
            IntrusivePtr<Flight> flight = std::move(backlog_.front());
            backlog_.pop_front();
            if (flight->is_withdrawn) {
                withdrawn_.push_back(std::move(flight));
                continue;
            }
            const std::size_t slot = free_slots_.back();
            free_slots_.pop_back();
            flight->number = next_number_++ * process::Page::slots + slot;
            flight->place = Flight::Place::wire;
            line_->page->put(slot, flight->number);
            const std::uint64_t slot_in_head = slot;
            std::memcpy(flight->body.data() + offsetof(CallHead, slot), &slot_in_head, sizeof slot_in_head);
            const bool may_go_again = *settings().max_restarts > 0;
            writer_.add(static_cast<std::uint32_t>(FrameKind::call), flight->number,
                        may_go_again ? flight->body : std::move(flight->body));
            flying_[slot] = std::move(flight);
        }
        flush();
        if (!withdrawn_.empty()) forget_withdrawn_later();
    }

    // With the line's mutex held.
    void flush() noexcept {
        if (!socket_) return;
        const bool is_blocked = writer_.flush(socket_.number()) == process::Stream::would_block;
        if (is_blocked == std::exchange(awaits_room_, is_blocked)) return;
        process::Reactor::get().modify(socket_.number(), is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    /// Calls that were withdrawn from the backlog; what they hold may run code of the user.
    class ForgetWithdrawn final : public RuntimeTask {
    public:
        explicit ForgetWithdrawn(ProcessBackend& worker) : worker_(&worker) {}
        void run() noexcept override {
            worker_->forget_withdrawn();
            delete this;
        }

    private:
        IntrusivePtr<ProcessBackend> worker_;
    };
    void forget_withdrawn_later() { runtime_post(*new ForgetWithdrawn(*this)); }
    void forget_withdrawn() noexcept {
        std::vector<IntrusivePtr<Flight>> withdrawn;
        {
            const std::lock_guard lock(line_->mutex);
            std::swap(withdrawn, withdrawn_);
        }
        for (const IntrusivePtr<Flight>& flight : withdrawn) {
            flight->call->await_description();
            set_over(*flight);
            forget(*flight);
        }
    }

    static void end_call(CallBase& call, std::exception_ptr error, StopReason reason) noexcept {
        if (const auto claim = call.claim(Phase::running))
            call.complete(claim, std::move(error), reason, CompletedBy::other);
        else
            call.await_description();
    }

    static void set_over(Flight& flight) noexcept {
        const std::lock_guard lock(flight.line->mutex);
        flight.place = Flight::Place::over;
    }

    /// The flight is over, and its call has ended.
    void forget(Flight& flight) noexcept {
        CallBase* const call = flight.call;
        bool is_last = false;
        {
            const std::lock_guard lock(line_->mutex);
            is_last = --under_way_ == 0;
        }
        call->disarm_deadline();
        call->set_abroad({});
        if (is_last) {
            report_idle();
            close_if_done();
        }
        call->release();
        release();
    }

    // ---- stops

    void nothing_held() noexcept override {
        report_idle();
        close_if_done();
    }
    void stop_level_raised() noexcept override {
        if (stop_level() == StopLevel::now) {
            {
                const std::lock_guard lock(line_->mutex);
                if (line_->page) line_->page->request_stop_of_all();
            }
            const TimePoint end = deadline_after(clock().now(), *settings().kill_timeout);
            clock().schedule(IntrusivePtr<Timer>(new Ladder(*this, SIGTERM)), end);
        }
        close_if_done();
    }

    void climb(int signal) noexcept {
        if (has_ended()) return;
        kill_child(signal);
        if (signal == SIGTERM)
            clock().schedule(IntrusivePtr<Timer>(new Ladder(*this, SIGKILL)),
                             deadline_after(clock().now(), std::chrono::seconds(1)));
    }

    void fail_queued_calls() noexcept override {
        std::deque<IntrusivePtr<Flight>> queued;
        std::vector<IntrusivePtr<CallBase>> on_wire;
        {
            const std::lock_guard lock(line_->mutex);
            std::swap(queued, backlog_);
            for (const IntrusivePtr<Flight>& flight : flying_)
                if (flight && line_->page->withdraw(flight->slot(), flight->number)) on_wire.emplace_back(flight->call);
        }
        for (const IntrusivePtr<CallBase>& call : on_wire)
            end_call(*call, stopped_error(name(), call->method_name()), StopReason::worker_stopped);
        for (const IntrusivePtr<Flight>& flight : queued) {
            end_call(*flight->call, stopped_error(name(), flight->call->method_name()), StopReason::worker_stopped);
            set_over(*flight);
            forget(*flight);
        }
    }

    bool abandon_running_call() noexcept override {
        kill_child(SIGKILL);
        return true;
    }

    bool is_idle() override {
        {
            const std::lock_guard lock(mutex_);
            if (holds_calls()) return false;
        }
        const std::lock_guard lock(line_->mutex);
        return under_way_ == 0;
    }

    /// Tells the child that no more calls come, once that is so; or ends, where there is no child.
    void close_if_done() noexcept {
        if (stop_level() == StopLevel::none) return;
        bool has_no_child = false;
        {
            const std::lock_guard host_lock(mutex_);
            const std::lock_guard lock(line_->mutex);
            if (is_closed_ || under_way_ != 0 || holds_calls()) return;
            if (state_ == State::starting) return;  // asked again when it has started, or ended
            is_closed_ = true;
            leave();
            has_no_child = state_ != State::serving;
            if (!has_no_child) {
                state_ = State::closing;
                writer_.add(static_cast<std::uint32_t>(FrameKind::stop), 0, {});
                flush();
            } else {
                state_ = State::dead;
            }
        }
        if (has_no_child) end();
    }

    void end() noexcept {
        const IntrusivePtr<ProcessBackend> keep(this);
        report_ended();
    }

    const std::uint64_t max_message_;
    std::unique_ptr<const LimitPool> limits_for_child_;
    std::shared_ptr<process::Page> page_of_launch_;  // by who launches
    const std::shared_ptr<Line> line_;
    ParkingWord start_{starting};

    // On the reactor's thread, or before it knows the child.
    process::FrameReader reader_{0};
    bool hears_socket_ = false;
    std::exception_ptr start_error_;
    int last_pid_ = 0;
    std::string last_cause_;
    std::deque<TimePoint> restarts_;

    // Guarded by the line's mutex.
    State state_ = State::starting;
    process::Child child_;
    process::Descriptor socket_;
    process::FrameWriter writer_;
    bool awaits_room_ = false;
    bool is_closed_ = false;
    std::size_t under_way_ = 0;
    std::uint64_t next_number_ = 1;
    std::deque<IntrusivePtr<Flight>> backlog_;
    std::vector<IntrusivePtr<Flight>> withdrawn_;
    std::vector<IntrusivePtr<Flight>> flying_;
    std::vector<std::size_t> free_slots_;
};

}  // namespace

IntrusivePtr<Backend> make_process_backend(WorkerConfig config, std::unique_ptr<ObjectFactory> factory) {
    if (*config.settings.start_method == StartMethod::fork_server ||
        *config.settings.start_method == StartMethod::spawn)
        throw ConfigError("start_method",
                          fmt::format("{} is not available in this version of concur; automatic or fork",
                                      *config.settings.start_method));
    if (*config.settings.attempt_timeout_hard)
        throw ConfigError("attempt_timeout_hard", "true is not available in this version of concur; false");
    // The object's calls take of them, and these run in the child.
    std::unique_ptr<const LimitPool> limits = std::move(config.limits);
    return IntrusivePtr<Backend>(new ProcessBackend(std::move(config), std::move(factory), std::move(limits)));
}

}  // namespace concur::detail
