// Finds the files to analyse: those named, and all in the folders named, one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct FoundFile {
    std::string path;
    std::uint64_t size = 0;
    /// Why there is nothing to read; empty for a file.
    std::string problem;
};

/// Goes through files and folders in the order of their names. Hidden entries of folders are left out, symbolic links
/// in folders are reported and not followed, so no circle can form; what was named itself is taken as it is.
class FileWalk {
public:
    explicit FileWalk(const std::vector<std::string>& paths);

    /// Nothing at the end.
    std::optional<FoundFile> next();

private:
    struct Place {
        std::string path;
        bool named;  // by the user
    };

    /// Why the folder cannot be opened, or nothing.
    std::string enter(const std::string& folder);

    std::vector<Place> ahead_;  // the next one last
};
