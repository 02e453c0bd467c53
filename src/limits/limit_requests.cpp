#include "concur/limits/limit_requests.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

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

LimitRequests::LimitRequests(const LimitRequests& other)
    : size_{other.size_}, charge_{other.charge_}, shared_{other.shared_} {
    if (!shared_) std::copy_n(other.few_, size_, few_);
}

LimitRequests& LimitRequests::operator=(const LimitRequests& other) {
    if (this == &other) return *this;
    size_ = other.size_;
    charge_ = other.charge_;
    shared_ = other.shared_;
    if (!shared_) std::copy_n(other.few_, size_, few_);
    return *this;
}

void LimitRequests::share(const LimitRequest* requests) {
    const auto all = std::make_shared<const std::vector<LimitRequest>>(requests, requests + size_);
    shared_ = {all, all->data()};
}

LimitRequests LimitRequests::owned() const {
    struct Owned {
        std::string keys;
        std::vector<LimitRequest> requests;
    };
    const auto all = std::make_shared<Owned>();
    for (const LimitRequest& request : *this) all->keys += request.key();
    all->requests.assign(begin(), end());
    const char* key = all->keys.data();
    for (LimitRequest& request : all->requests) {
        const std::size_t size = request.key().size();
        request.set_key({key, size});
        key += size;
    }
    LimitRequests copy(*this);
    copy.shared_ = {all, all->requests.data()};
    return copy;
}

}  // namespace concur
