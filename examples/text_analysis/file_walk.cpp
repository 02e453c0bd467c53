#include "file_walk.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <system_error>

namespace {

std::string text_of(int error) { return std::generic_category().message(error); }

std::string problem_of_link(const std::string& path) {
    struct stat target {};
    if (::stat(path.c_str(), &target) == 0) return "symbolic link in a folder, not followed";
    return errno == ENOENT ? "broken symbolic link" : text_of(errno);
}

}  // namespace

FileWalk::FileWalk(const std::vector<std::string>& paths) {
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) ahead_.push_back({*path, true});
}

std::optional<FoundFile> FileWalk::next() {
    while (!ahead_.empty()) {
        const Place place = std::move(ahead_.back());
        ahead_.pop_back();
        struct stat info {};
        const auto look = place.named ? ::stat : ::lstat;
        if (look(place.path.c_str(), &info) != 0) return FoundFile{place.path, 0, text_of(errno)};
        if (S_ISREG(info.st_mode)) return FoundFile{place.path, static_cast<std::uint64_t>(info.st_size), {}};
        if (S_ISLNK(info.st_mode)) return FoundFile{place.path, 0, problem_of_link(place.path)};
        if (!S_ISDIR(info.st_mode)) return FoundFile{place.path, 0, "neither a file nor a folder"};
        if (std::string problem = enter(place.path); !problem.empty()) return FoundFile{place.path, 0, problem};
    }
    return std::nullopt;
}

std::string FileWalk::enter(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        std::string name = entry->path().filename().string();
        if (name.front() != '.') names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end(), std::greater<>());
    const std::string prefix = folder.ends_with('/') ? folder : folder + '/';
    for (const std::string& name : names) ahead_.push_back({prefix + name, false});
    return error ? error.message() : "";
}
