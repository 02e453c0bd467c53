# Every C++ block of README.md and docs/ must compile, see compile_snippets.py. One test for each page.
file(GLOB_RECURSE pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/docs/*.md")
set(snippets ${Python3_EXECUTABLE} "${PROJECT_SOURCE_DIR}/cmake/compile_snippets.py")
foreach(page IN LISTS pages)
    cmake_path(RELATIVE_PATH page BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE name)
    add_test(NAME docs.${name}
             COMMAND ${snippets} ${compiler_command} "--launcher=${CONCUR_CCACHE}" --output
                     "${PROJECT_BINARY_DIR}/docs_checks/${name}" "${page}"
             COMMAND_EXPAND_LISTS)
    set_tests_properties(docs.${name} PROPERTIES LABELS docs TIMEOUT 300)
endforeach()

add_test(NAME docs.self_test COMMAND ${snippets} --compiler "${CMAKE_CXX_COMPILER}" --self-test)
set_tests_properties(docs.self_test PROPERTIES LABELS docs TIMEOUT 60)

# What a stranger pastes first is what is run.
add_test(NAME docs.first_program
         COMMAND ${CMAKE_COMMAND} "-DPAGE=${PROJECT_SOURCE_DIR}/README.md"
                 "-DEXAMPLE=${PROJECT_SOURCE_DIR}/examples/01_quickstart.cpp" -P
                 "${PROJECT_SOURCE_DIR}/cmake/first_program.cmake")
set_tests_properties(docs.first_program PROPERTIES LABELS docs TIMEOUT 10)

set(links ${Python3_EXECUTABLE} "${PROJECT_SOURCE_DIR}/cmake/check_links.py")
add_test(NAME docs.links COMMAND ${links} "${PROJECT_SOURCE_DIR}")
add_test(NAME docs.links.self_test COMMAND ${links} --self-test)
set_tests_properties(docs.links docs.links.self_test PROPERTIES LABELS docs TIMEOUT 60)
