#include "analyser.hpp"

#include <algorithm>
#include <array>

#include "busy_time.hpp"
#include "utf8.hpp"

namespace {

struct Ending {
    std::string_view ending;
    std::string_view language;
};
constexpr Ending endings[] = {
    {".cpp", "C++"},       {".hpp", "C++"},   {".cc", "C++"},     {".hh", "C++"},      {".cxx", "C++"},
    {".hxx", "C++"},       {".ipp", "C++"},   {".h", "C++"},      {".c", "C"},         {".py", "Python"},
    {".pyi", "Python"},    {".sh", "shell"},  {".bash", "shell"}, {".cmake", "CMake"}, {".cmake.in", "CMake"},
    {".md", "Markdown"},   {".rst", "text"},  {".txt", "text"},   {".json", "JSON"},   {".yml", "YAML"},
    {".yaml", "YAML"},     {".toml", "TOML"}, {".html", "HTML"},  {".xml", "XML"},     {".js", "JavaScript"},
    {".ts", "JavaScript"}, {".java", "Java"}, {".rs", "Rust"},    {".go", "Go"},       {".css", "CSS"},
};

std::string_view language_of(std::string_view path, std::string_view content) {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    if (name == "CMakeLists.txt") return "CMake";
    for (const Ending& known : endings)
        if (name.ends_with(known.ending)) return known.language;
    if (name.find('.') != std::string_view::npos) return "other";
    // A script without an ending says what it is in its first line.
    const std::string_view first_line = content.substr(0, content.find('\n'));
    if (!first_line.starts_with("#!")) return name == "LICENSE" || name == "README" ? "text" : "other";
    return first_line.find("python") != std::string_view::npos ? "Python" : "shell";
}

constexpr auto everyday_words = std::to_array<std::string_view>(
    {"about",  "after", "also",  "because", "been",  "before",  "both", "could", "does",  "each",  "else",
     "even",   "every", "from",  "have",    "here",  "into",    "just", "like",  "made",  "make",  "many",
     "more",   "most",  "much",  "must",    "never", "nothing", "once", "only",  "other", "over",  "same",
     "should", "some",  "such",  "than",    "that",  "their",   "them", "then",  "there", "these", "they",
     "this",   "those", "until", "very",    "want",  "well",    "were", "what",  "when",  "where", "which",
     "while",  "will",  "with",  "without", "would", "your"});
static_assert(std::is_sorted(everyday_words.begin(), everyday_words.end()));

bool is_ascii_letter(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); }
bool is_ascii_digit(char c) { return '0' <= c && c <= '9'; }
char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// By their first byte: those in C2, E2, and F0 are signs, punctuation and pictures almost without exception.
bool is_letter_beyond_ascii(unsigned char first) { return first >= 0xC3 && first != 0xE2 && first < 0xF0; }

/// Goes through a text once.
class Scan {
public:
    explicit Scan(Report& report) : report_{report} {}

    void run(std::string_view text) {
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        std::size_t at = 0;
        while (at < text.size()) at += step(text.substr(at));
        end_word();
        if (column_ > 0 || (!text.empty() && text.back() != '\n')) end_line();
    }

private:
    /// Looks at one character; tells how many bytes it has.
    std::size_t step(std::string_view text) {
        const char c = text.front();
        if (c == '\n') {
            end_word();
            if (after_return_) --column_;
            end_line();
            return 1;
        }
        ++column_;
        after_return_ = c == '\r';
        if (static_cast<unsigned char>(c) < 0x80) {
            if (is_ascii_letter(c) || ((c == '_' || is_ascii_digit(c)) && letters_ > 0)) {
                ++letters_;
                word_ += lower(c);
            } else {
                end_word();
            }
            return 1;
        }
        const std::size_t length = utf8_length(text);
        if (length == 0) report_.is_utf8 = false;
        if (length > 0 && is_letter_beyond_ascii(static_cast<unsigned char>(c))) {
            ++letters_;
            word_ += text.substr(0, length);
        } else {
            end_word();
        }
        return std::max<std::size_t>(length, 1);
    }

    void end_word() {
        if (letters_ == 0) return;
        ++report_.words;
        // Shorter ones say little, longer ones are hashes and encoded data.
        if (letters_ >= 4 && word_.size() <= 40 &&
            !std::binary_search(everyday_words.begin(), everyday_words.end(), word_))
            report_.terms.add(word_);
        letters_ = 0;
        word_.clear();
    }

    void end_line() {
        ++report_.lines;
        report_.longest_line = std::max(report_.longest_line, column_);
        column_ = 0;
        after_return_ = false;
    }

    Report& report_;
    std::string word_;
    std::size_t letters_ = 0;  // of the word
    std::size_t column_ = 0;
    bool after_return_ = false;
};

}  // namespace

Report skipped(std::string path, std::string problem) {
    Report report;
    report.path = std::move(path);
    report.problem = std::move(problem);
    return report;
}

Report Analyser::analyse(const Text& text) {
    const BusyTime busy_time(busy);
    Report report;
    report.path = text.path;
    report.language = language_of(text.path, text.content);
    report.bytes = text.content.size();
    Scan(report).run(text.content);
    return report;
}
