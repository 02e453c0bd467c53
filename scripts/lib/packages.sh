# Sourced by the scripts: makes sure that what they need is installed. Speaks on stderr only.

# What it takes to build concur, its examples and its tests on Debian 12.
build_packages=(g++ cmake ninja-build ccache pkg-config python3 libboost1.81-dev libfmt-dev catch2 librapidcheck-dev)

# The same for people whose system names packages differently.
build_needs="a C++20 compiler (g++ 12 or clang 19 and newer), CMake 3.25, Ninja, Boost 1.81, fmt 9, Catch2 (2.13 or 3), Python 3.9;
if found: ccache, pkg-config, RapidCheck"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# missing_packages PACKAGE...: those that are not installed.
missing_packages() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

# need_packages PACKAGE...: installs what is missing, or says how to. Nothing but one call of dpkg-query when all is there.
need_packages() {
    local missing as_root=() command
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        local tool
        for tool in cmake ninja c++ python3; do
            if ! command -v "$tool" >/dev/null; then
                say "'$tool' is not there, and this is no Debian system, so it cannot be installed from here. Needed are:"
                printf '%s\n' "$build_needs" >&2
                return 1
            fi
        done
        return 0  # CMake names what else may be missing
    fi

    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0

    command="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        # Without a terminal sudo could not ask for a password.
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; }; then
            as_root=(sudo)
        else
            say "these packages are missing, and only root can install them: ${missing[*]}"
            say "run this once as root, then try again:"
            printf '    %s\n' "$command" >&2
            return 1
        fi
    fi

    say "installing ${missing[*]}"
    if ! { "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}"; } </dev/null >&2; then
        say "apt could not install them (see above). The command was:"
        printf '    %s\n' "$command" >&2
        say "concur is tested on Debian 12. Elsewhere it needs:"
        printf '%s\n' "$build_needs" >&2
        return 1
    fi
}
