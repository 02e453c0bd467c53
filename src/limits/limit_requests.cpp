#include "concur/limits/limit_requests.hpp"

#include <algorithm>
#include <cmath>

namespace concur {
namespace detail {

std::int64_t to_thousandths(double amount) noexcept {
    if (std::isnan(amount)) return no_amount;
    // In two parts, which are exact: the product of a large number and 1000 is not.
    const double whole = std::trunc(amount);
    if (whole >= 9.2e15) return std::numeric_limits<std::int64_t>::max();
    if (whole <= -9.2e15) return no_amount + 1;
    return static_cast<std::int64_t>(whole) * 1000 + static_cast<std::int64_t>(std::round((amount - whole) * 1000));
}

}  // namespace detail

LimitRequests::LimitRequests(const LimitRequests& other) : LimitRequests(other.begin(), other.size_) {
    charge_ = other.charge_;
    keys_ = other.keys_;
}

LimitRequests& LimitRequests::operator=(const LimitRequests& other) {
    if (this == &other) return *this;
    many_.reset(other.size_ > few ? new LimitRequest[other.size_] : nullptr);
    size_ = other.size_;
    charge_ = other.charge_;
    std::copy_n(other.begin(), size_, data());
    keys_ = other.keys_;
    return *this;
}

LimitRequests LimitRequests::owned() const {
    std::string keys;
    for (const LimitRequest& request : *this) keys += request.key();
    LimitRequests copy(*this);
    copy.keys_ = std::make_shared<const std::string>(std::move(keys));
    const char* key = copy.keys_->data();
    for (std::size_t i = 0; i < size_; ++i) {
        const std::size_t size = copy.data()[i].key().size();
        copy.data()[i].set_key({key, size});
        key += size;
    }
    return copy;
}

}  // namespace concur
