# The warnings that concur's own code is kept free of, with g++ 12 and clang 19. Never handed on to those who link it.
function(concur_warnings target)
    target_compile_options(
        ${target}
        PRIVATE -Wall
                -Wextra
                -Wpedantic
                -Wshadow
                -Wconversion
                # Sizes and differences of iterators meet on every page; casts around each would hide the ones that matter.
                -Wno-sign-conversion
                -Woverloaded-virtual)
    if(CONCUR_WARNINGS_AS_ERRORS)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()
