#include "term_counts.hpp"

#include <algorithm>

void TermCounts::add(std::string_view term, std::uint64_t count) {
    if (const auto known = counts_.find(term); known != counts_.end()) {
        known->second += count;
        return;
    }
    if (counts_.size() >= most_terms) forget_rare_terms();
    // A term that comes late may have been forgotten before, but not more often than any other.
    counts_.emplace(term, forgotten_ + count);
}

void TermCounts::add(const TermCounts& other) {
    for (const auto& [term, count] : other.counts_) add(term, count);
}

void TermCounts::forget_rare_terms() {
    while (counts_.size() >= most_terms) {
        ++forgotten_;
        std::erase_if(counts_, [&](const auto& entry) { return entry.second <= forgotten_; });
    }
}

std::vector<TermCounts::Term> TermCounts::top(std::size_t count) const {
    std::vector<Term> all;
    all.reserve(counts_.size());
    for (const auto& [text, occurrences] : counts_) all.push_back({text, occurrences});
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.size()));
    std::partial_sort(all.begin(), end, all.end(), [](const Term& a, const Term& b) {
        return a.count != b.count ? a.count > b.count : a.text < b.text;
    });
    all.erase(end, all.end());
    return all;
}
