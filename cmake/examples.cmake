# One program for each examples/*.cpp, and one for each examples/*/ with sources in it. A program whose main file ends in a
# comment `/* expected output` is also a test.

function(concur_example name)
    add_executable(example_${name} ${ARGN})
    # For an example that reads a file when it is given none.
    list(GET ARGN 0 first)
    cmake_path(GET first PARENT_PATH folder)
    target_compile_definitions(example_${name} PRIVATE EXAMPLE_DIR="${folder}")
    target_link_libraries(example_${name} PRIVATE concur::concur fmt::fmt Boost::headers)
    set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name} CXX_SCAN_FOR_MODULES OFF
                                                     RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
    concur_warnings(example_${name})
    add_dependencies(all_examples example_${name})

    foreach(source IN LISTS ARGN)
        file(READ "${source}" text)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
        if(text MATCHES "/\\* expected output\n")
            add_test(NAME example.${name}
                     COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:example_${name}> -DSOURCE=${source} -P
                             "${PROJECT_SOURCE_DIR}/cmake/compare_output.cmake")
            set_tests_properties(example.${name} PROPERTIES LABELS examples TIMEOUT 60)
        endif()
    endforeach()
endfunction()

add_custom_target(all_examples)
file(GLOB entries CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*")
foreach(entry IN LISTS entries)
    cmake_path(GET entry STEM name)
    if(IS_DIRECTORY "${entry}")
        file(GLOB example_sources CONFIGURE_DEPENDS "${entry}/*.cpp")
        if(example_sources)
            concur_example(${name} ${example_sources})
        endif()
    elseif(entry MATCHES "\\.cpp$")
        concur_example(${name} "${entry}")
    endif()
endforeach()
