# How a checkout of concur is built by the people who work on it. Read only when concur is the top-level project.

# Without this a plain `cmake -S . -B build` would build without optimisation and without debug information.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Kind of build" FORCE)
endif()
option(BUILD_SHARED_LIBS "Build a shared library instead of a static one" OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# The sloppiness is what ccache's manual asks for with precompiled headers, which the tests use.
find_program(CONCUR_CCACHE ccache DOC "Compiler cache, used when found")
mark_as_advanced(CONCUR_CCACHE)
if(CONCUR_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${CONCUR_CCACHE}")
endif()

if(CONCUR_SANITIZE)
    # For every target of the tree: half-instrumented programs report races and overflows that are none.
    add_compile_options(-fsanitize=${CONCUR_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${CONCUR_SANITIZE})
    if(CONCUR_SANITIZE MATCHES "undefined")
        # A finding must fail the test, not scroll by.
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
endif()
