#!/bin/sh
# A project without CMake: build_and_run.sh COMPILER PROGRAM, with PKG_CONFIG_PATH and LD_LIBRARY_PATH set by the caller.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# Unquoted: several words.
# shellcheck disable=SC2046
"$1" -std=c++20 "$here/../main.cpp" -o "$2" $(pkg-config --cflags --libs concur)
"$2"
