#include "concur/limits/acquisition.hpp"

#include <algorithm>

#include "limits/limit_core.hpp"

namespace concur {
namespace detail {

void Holdings::add_more(std::uint32_t limit, std::int64_t amount) {
    Holding* place = begin();
    while (place != end() && place->limit < limit) ++place;
    if (place != end() && place->limit == limit) {
        if (__builtin_add_overflow(place->amount, amount, &place->amount)) place->amount = most_amount + 1;
        return;
    }
    const auto index = place - begin();
    if (size_ == few && !many_) {
        many_ = new Holding[most_limits];
        std::copy_n(few_, few, many_);
    }
    std::move_backward(begin() + index, end(), end() + 1);
    begin()[index] = {limit, false, false, amount, 0};
    ++size_;
}

void Holdings::free_many() noexcept {
    delete[] many_;
    many_ = nullptr;
}

}  // namespace detail

Acquisition::Acquisition(Acquisition&& other) noexcept {
    if (!other.core_) return;
    if (other.caller) other.core_->moved(other);
    core_ = std::exchange(other.core_, nullptr);
    holdings_ = std::move(other.holdings_);
}

Acquisition& Acquisition::operator=(Acquisition&& other) noexcept {
    if (this == &other) return *this;
    release();
    if (other.caller) other.core_->moved(other);
    core_ = std::exchange(other.core_, nullptr);
    holdings_ = std::move(other.holdings_);
    return *this;
}

void Acquisition::held_by(detail::LimitCaller* by) noexcept {
    if (core_) core_->held_by(*this, by);
}

void Acquisition::release_permits() noexcept {
    if (core_) core_->give_back_permits(*this);
}

void Acquisition::give_back() noexcept { core_->give_back(*this); }

void Acquisition::update(const LimitRequests& used) {
    if (!core_) throw ConfigError("update", "this acquisition holds nothing; it was not granted, released or moved");
    core_->update(*this, used);
}

std::string_view Acquisition::tag() const noexcept { return core_ ? std::string_view(core_->tag()) : ""; }
std::int64_t Acquisition::data() const noexcept { return core_ ? core_->data() : 0; }

}  // namespace concur
