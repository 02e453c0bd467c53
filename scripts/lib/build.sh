# Sourced by the scripts, after packages.sh: configures and builds in build/<name>. Speaks on stderr, stdout is for results.

# configure NAME PRESET [CMAKE-OPTION...]
configure() {
    local folder=$root/build/$1 preset=$2
    shift 2
    # Ninja runs CMake by itself when a CMake file has changed, but knows nothing of presets.
    if [ "$folder/build.ninja" -nt "$root/CMakePresets.json" ]; then return 0; fi
    (cd "$root" && cmake --preset "$preset" -B "$folder" "$@") >&2 </dev/null
}

# build NAME [TARGET...]
build() {
    local folder=$root/build/$1
    shift
    cmake --build "$folder" ${1:+--target "$@"} >&2 </dev/null
}
