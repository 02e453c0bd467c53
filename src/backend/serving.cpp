#include "backend/serving.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "backend/process_protocol.hpp"
#include "concur/wire/exceptions.hpp"
#include "core/thread.hpp"
#include "future/blocking_wait.hpp"
#include "process/frame.hpp"

namespace concur::detail {
namespace {

/// The factory that the child has inherited.
class InheritedFactory final : public ObjectFactory {
public:
    explicit InheritedFactory(ObjectFactory& inner) noexcept : inner_{inner} {}
    [[nodiscard]] void* build() override { return inner_.build(); }
    void destroy(void* object) override { inner_.destroy(object); }
    [[nodiscard]] const std::type_info& type() const noexcept override { return inner_.type(); }
    void throw_pointer(void* object) const override { inner_.throw_pointer(object); }

private:
    ObjectFactory& inner_;
};

}  // namespace

class ServingBackend final : public QueuedBackend {
public:
    ServingBackend(WorkerConfig config, ObjectFactory& factory, process::Descriptor socket, process::Page& page,
                   std::uint64_t max_message)
        : QueuedBackend(std::move(config), std::make_unique<InheritedFactory>(factory)),
          socket_{std::move(socket)},
          page_{page},
          reader_{max_message},
          max_message_{max_message},
          main_{std::this_thread::get_id()} {}

    int serve() noexcept {
        const Role role;
        agent_.held_by(&this_thread_record());
        try {
            object_ = build_object();
        } catch (...) {
            answer(FrameKind::not_started, 0, bytes_of(std::current_exception(), {}, {}));
            flush_to_the_end();
            return 0;
        }
        std::thread helper;
        try {
            helper = start_thread("concur helper", [this] { help(); });
        } catch (...) {
            destroy_object(object_);
            answer(FrameKind::not_started, 0, bytes_of(std::current_exception(), {}, {}));
            flush_to_the_end();
            return 0;
        }
        answer(FrameKind::started, 0, {});
        flush();
        run_calls();
        steps_.close();
        destroy_object(object_);
        agent_.held_by(nullptr);
        over_.store(true, std::memory_order_release);
        page_.wake();
        helper.join();
        flush_to_the_end();
        report_ended();
        return 0;
    }

private:
    /// What is known of a call that has come and was not answered yet.
    struct Ticket {
        std::uint64_t number;
        std::size_t slot;
        bool has_begun = false;
        bool was_asked_to_stop = false;
    };

    /// Sends what a call has ended in, on whatever thread that happens.
    class Reply final : public Continuation {
    public:
        explicit Reply(ServingBackend& worker) noexcept : Continuation(Code::library), worker_{worker} {}
        void run(StateBase& source) noexcept override {
            ServingBackend& worker = worker_;
            delete this;
            worker.answer_call(static_cast<CallBase&>(source));
        }

    private:
        ServingBackend& worker_;
    };

    void start_object() override {}

    void enqueue(CallBase& call) noexcept override {
        call.add_ref();
        static_cast<void>(mailbox_.push(call));
        if (stop_level() == StopLevel::now) fail_queued_calls();
        nudge();
    }
    void nothing_held() noexcept override { nudge(); }
    void stop_level_raised() noexcept override { nudge(); }
    bool is_idle() override { return !holds_any() && !mailbox_.has_calls(); }

    void post_step(Step& step) noexcept override {
        steps_.push(step);
        nudge();
    }
    void coroutine_began() noexcept override { steps_.coroutine_began(); }
    void coroutine_gone() noexcept override { steps_.coroutine_gone(); }
    void await_coroutine(StateBase& coroutine, TimePoint deadline) noexcept override {
        steps_.run_until_done(coroutine, clock(), deadline);
    }

    /// Something has happened on another thread.
    void nudge() noexcept {
        if (std::this_thread::get_id() != main_) bell_.ring();
    }

    // ---- the loop

    void run_calls() noexcept {
        do {
            steps_.run_all();
            desk_.put(mailbox_.take_all());
            while (CallBase* call = desk_.take()) {
                run_call(*call);
                call->release();
            }
            flush();
        } while (receive() || wait());
    }

    void run_call(CallBase& call) noexcept {
        if (!begin(call)) return withdraw(call);
        ask_to_flush_in_time();
        run(call);
    }

    bool begin(CallBase& call) noexcept {
        const std::lock_guard lock(tickets_mutex_);
        const auto found = tickets_.find(&call);
        if (found == tickets_.end() || found->second.has_begun) return true;
        return found->second.has_begun = page_.begin(found->second.slot, found->second.number);
    }

    // The parent has ended it there.
    void withdraw(CallBase& call) noexcept {
        if (const auto claim = call.claim(Phase::queued)) {
            call.complete(claim, std::make_exception_ptr(CancelledError("withdrawn")), StopReason::cancelled,
                          CompletedBy::other);
            static_cast<void>(call.see_error());
        } else {
            Runner::pass_over(call);
        }
    }

    /// True if something new is there to be run.
    bool receive() noexcept {
        if (is_over_) return false;
        std::vector<process::Frame> frames;
        process::Stream end = process::Stream::broken;
        try {
            end = reader_.read(socket_.number(), frames);
            for (process::Frame& frame : frames) take(frame);
        } catch (const std::bad_alloc&) {
            ::_exit(no_memory_status);  // what was read is lost: the parent learns of it as of any other death
        }
        if (end == process::Stream::ended || end == process::Stream::broken) {
            // Nobody is there to be answered.
            is_over_ = true;
            raise_stop_level(StopLevel::now);
        }
        return !frames.empty();
    }

    void take(process::Frame& frame) {
        switch (static_cast<FrameKind>(frame.header.kind)) {
            case FrameKind::call:
                return take_call(frame.header.call, frame.body);
            case FrameKind::stop:
                return raise_stop_level(StopLevel::drain);
            default:
                is_over_ = true;
        }
    }

    void take_call(std::uint64_t number, const Bytes& bytes) {
        Reader from(bytes);
        const auto head = take_bits<CallHead>(from);
        CallBase* call = nullptr;
        try {
            call = make_call(head, from);
        } catch (...) {
            const ExceptionOrigin origin{::getpid(), head.method->name, 0};
            Bytes body;
            append_bits(body, ReplyHead{0, StopReason::not_retryable});
            encode_exception(body, std::current_exception(), origin);
            return answer(FrameKind::error, number, std::move(body));
        }
        {
            const std::lock_guard lock(tickets_mutex_);
            tickets_[call] = {number, static_cast<std::size_t>(head.slot)};
        }
        auto* reply = new Reply(*this);
        if (!call->attach(*reply)) reply->run(*call);
        const IntrusivePtr<CallBase> keep(call);
        static_cast<void>(mailbox_.push(*IntrusivePtr(call).detach()));
        if (stop_level() == StopLevel::now) fail_queued_calls();
        call->arm_deadline();
        call->drop_handle();
    }

    CallBase* make_call(const CallHead& head, Reader& from) {
        try {
            CallBase* const call = head.crossing->make(*this, *head.method, from.take(from.left()));
            std::shared_ptr<CallPolicy> own;
            if (head.has_own_numbers) {
                own = std::make_shared<CallPolicy>(policy_of(*head.method));
                own->rules.numbers.num_retries = head.num_retries;
                own->rules.numbers.call_timeout = head.call_timeout;
                own->rules.numbers.attempt_timeout = head.attempt_timeout;
                own->settle();
            }
            if (own || head.deadline != no_deadline)
                call->set_timing({.submitted = head.submitted, .deadline = head.deadline}, std::move(own));
            return call;
        } catch (...) {
            rethrow_as_serialization_error(head.method->name, "an argument could not be decoded");
        }
    }

    /// False if the loop has come to its end.
    bool wait() noexcept {
        if (mailbox_.has_calls() || steps_.has_any()) return true;
        if (stop_level() != StopLevel::none) {
            const std::lock_guard lock(mutex_);
            if (!holds_calls() && mailbox_.close()) {
                leave();
                return false;
            }
        }
        const bool writes = has_unsent();
        std::array<pollfd, 2> waits{{{.fd = bell_.number(), .events = POLLIN, .revents = 0},
                                     {.fd = is_over_ ? -1 : socket_.number(),
                                      .events = static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN),
                                      .revents = 0}}};
        make_way_for_wait();
        ::poll(waits.data(), waits.size(), -1);
        if (waits[0].revents != 0) bell_.silence();
        return true;
    }

    // ---- answers

    Bytes bytes_of(const std::exception_ptr& error, const ExceptionOrigin& origin, const ExceptionCodecs& codecs) {
        Bytes bytes;
        ExceptionOrigin from_here = origin;
        from_here.pid = ::getpid();
        encode_exception(bytes, error, from_here, codecs);
        return bytes;
    }

    void answer_call(CallBase& call) noexcept {
        Ticket ticket{};
        {
            const std::lock_guard lock(tickets_mutex_);
            const auto found = tickets_.find(&call);
            ticket = found->second;
            tickets_.erase(found);
        }
        const Crossing& crossing = *call.crossing();
        const ExceptionOrigin origin{::getpid(), call.method_name(), call.attempts()};
        Bytes body;
        FrameKind kind = FrameKind::error;
        std::exception_ptr error = call.see_error();
        StopReason reason = call.stop_reason();
        if (!error) {
            try {
                append_bits(body, ReplyHead{call.attempts(), StopReason::none});
                try {
                    call.prepare_value();
                    crossing.encode_result(call, body);
                } catch (...) {
                    rethrow_as_serialization_error(call.method_name(), "the result could not be encoded");
                }
                if (body.size() > max_message_) throw_too_large(call.method_name(), body.size(), max_message_);
                kind = FrameKind::value;
            } catch (...) {
                error = std::current_exception();
                reason = StopReason::not_retryable;
            }
        }
        if (error) {
            body.clear();
            append_bits(body, ReplyHead{call.attempts(), reason});
            encode_exception(body, error, origin, {.results = crossing.rejected_results});
        }
        answer(kind, ticket.number, std::move(body));
        if (std::this_thread::get_id() != main_) flush();
    }

    void answer(FrameKind kind, std::uint64_t number, Bytes body) noexcept {
        const std::lock_guard lock(writer_mutex_);
        writer_.add(static_cast<std::uint32_t>(kind), number, std::move(body));
    }
    [[nodiscard]] bool has_unsent() noexcept {
        const std::lock_guard lock(writer_mutex_);
        return !writer_.empty();
    }
    void flush() noexcept {
        bool is_blocked = false;
        {
            const std::lock_guard lock(writer_mutex_);
            is_blocked = writer_.flush(socket_.number()) == process::Stream::would_block;
        }
        if (is_blocked) nudge();  // the loop waits until it can go on
    }
    void flush_to_the_end() noexcept {
        const std::lock_guard lock(writer_mutex_);
        while (writer_.flush(socket_.number()) == process::Stream::would_block) {
            pollfd wait{.fd = socket_.number(), .events = POLLOUT, .revents = 0};
            ::poll(&wait, 1, -1);
        }
    }

    // ---- the helper: what must happen while a method runs

    // Replies of short calls go out together. None waits for the end of the next call: the helper sends what has been
    // held for half a millisecond, and rests while nothing is held.
    void ask_to_flush_in_time() noexcept {
        if (!has_unsent()) return;
        if (!flushes_.exchange(true, std::memory_order_acq_rel)) page_.wake();
    }

    void help() noexcept {
        constexpr std::int64_t patience = 500'000;
        for (;;) {
            const std::uint32_t seen = page_.requests();
            if (over_.load(std::memory_order_acquire)) return;
            pass_on_requests();
            if (flushes_.load(std::memory_order_acquire)) {
                page_.await_request(seen, patience);
                flushes_.store(false, std::memory_order_release);
                flush();
            } else {
                page_.await_request(seen, -1);
            }
        }
    }

    void pass_on_requests() noexcept {
        if (page_.stop_of_all_is_requested()) raise_stop_level(StopLevel::now);
        std::vector<IntrusivePtr<CallBase>> asked;
        {
            const std::lock_guard lock(tickets_mutex_);
            for (auto& [call, ticket] : tickets_) {
                if (ticket.was_asked_to_stop || !page_.stop_is_requested(ticket.slot, ticket.number)) continue;
                ticket.was_asked_to_stop = true;
                asked.emplace_back(call);
            }
        }
        for (const IntrusivePtr<CallBase>& call : asked) call->cancel(Cancel::only_this);
    }

    static constexpr int no_memory_status = 70;

    process::Descriptor socket_;
    process::Page& page_;
    process::FrameReader reader_;
    std::uint64_t max_message_;
    process::Bell bell_;
    StepsInPlace steps_;
    std::thread::id main_;
    bool is_over_ = false;
    std::atomic<bool> over_{false};
    std::atomic<bool> flushes_{false};
    std::mutex writer_mutex_;
    process::FrameWriter writer_;  // guarded by writer_mutex_
    std::mutex tickets_mutex_;
    std::unordered_map<CallBase*, Ticket> tickets_;  // guarded by tickets_mutex_
};

int serve_process_worker(WorkerConfig config, ObjectFactory& factory, process::Descriptor socket, process::Page& page,
                         std::uint64_t max_message) noexcept {
    try {
        const IntrusivePtr<ServingBackend> worker(
            new ServingBackend(std::move(config), factory, std::move(socket), page, max_message));
        return worker->serve();
    } catch (...) {
        return 1;
    }
}

}  // namespace concur::detail
