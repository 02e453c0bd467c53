# Every public header must compile alone, and twice. Objects that no other target needs, so that an unchanged header costs
# nothing the next time; built by the test itself, because a header that does not compile is a test that fails.
set(stubs)
foreach(header IN LISTS headers)
    cmake_path(RELATIVE_PATH header BASE_DIRECTORY "${PROJECT_SOURCE_DIR}/include" OUTPUT_VARIABLE name)
    string(REPLACE "/" "_" stub "${PROJECT_BINARY_DIR}/header_checks/${name}.cpp")
    string(REPLACE "/" "_" stub "${name}.cpp")
    set(stub "${PROJECT_BINARY_DIR}/header_checks/${stub}")
    file(CONFIGURE OUTPUT "${stub}" CONTENT "#include <${name}>\n#include <${name}>\n")
    list(APPEND stubs "${stub}")
endforeach()

if(stubs)
    add_library(concur_header_checks OBJECT EXCLUDE_FROM_ALL ${stubs})
    target_link_libraries(concur_header_checks PRIVATE concur Boost::headers)
    set_target_properties(concur_header_checks PROPERTIES CXX_SCAN_FOR_MODULES OFF)
    concur_warnings(concur_header_checks)
    # Nothing of these is ever run.
    target_compile_options(concur_header_checks PRIVATE -O0 -Werror)

    add_test(NAME headers.compile_alone
             COMMAND ${CMAKE_COMMAND} --build "${PROJECT_BINARY_DIR}" --target concur_header_checks)
    set_tests_properties(headers.compile_alone PROPERTIES LABELS headers TIMEOUT 600 PROCESSORS 2)
endif()
