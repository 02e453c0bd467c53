# Toolchain of the preset `clang`: the version that concur is kept clean with if it is there, else any.
find_program(CONCUR_CLANG NAMES clang++-19 clang++ REQUIRED DOC "clang++ of the preset `clang`")
set(CMAKE_CXX_COMPILER "${CONCUR_CLANG}")
