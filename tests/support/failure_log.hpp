// Watching what the library reports because nobody else looks at it.
#pragma once

#include <concur/observe/observer.hpp>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace concur::test {

/// The text of an exception; "" for none.
inline std::string text_of(const std::exception_ptr& error) {
    if (!error) return {};
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        return exception.what();
    } catch (...) {
        return "no std::exception";
    }
}

/// While it lives, keeps all unobserved failures and warnings of the process.
class FailureLog {
public:
    FailureLog() : recorder_{std::make_shared<Recorder>()} { observe_all(recorder_); }
    ~FailureLog() { observe_all(nullptr); }
    FailureLog(const FailureLog&) = delete;
    FailureLog& operator=(const FailureLog&) = delete;

    [[nodiscard]] std::vector<std::string> failures() const { return recorder_->copy_of(recorder_->failures); }
    [[nodiscard]] std::vector<std::string> warnings() const { return recorder_->copy_of(recorder_->warnings); }

private:
    struct Recorder final : Observer {
        void on_unobserved_failure(const CallEvent& event) override {
            const std::lock_guard lock(mutex);
            failures.push_back(text_of(event.error));
        }
        void on_warning(const Warning& warning) override {
            const std::lock_guard lock(mutex);
            warnings.emplace_back(warning.message);
        }
        std::vector<std::string> copy_of(const std::vector<std::string>& texts) {
            const std::lock_guard lock(mutex);
            return texts;
        }

        std::mutex mutex;
        std::vector<std::string> failures;
        std::vector<std::string> warnings;
    };

    std::shared_ptr<Recorder> recorder_;
};

}  // namespace concur::test
