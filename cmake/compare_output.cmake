# Runs PROGRAM and compares what it prints with the comment that ends SOURCE:
#
#     /* expected output
#     ...
#     */
file(READ "${SOURCE}" text)
set(opening "/* expected output\n")
string(FIND "${text}" "${opening}" begin REVERSE)
string(LENGTH "${opening}" opening_length)
math(EXPR begin "${begin} + ${opening_length}")
string(SUBSTRING "${text}" ${begin} -1 expected)
string(FIND "${expected}" "*/" end REVERSE)
string(SUBSTRING "${expected}" 0 ${end} expected)

execute_process(COMMAND "${PROGRAM}" OUTPUT_VARIABLE printed ERROR_VARIABLE errors RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ended with status ${status}\n--- output\n${printed}\n--- errors\n${errors}")
endif()
if(NOT printed STREQUAL expected)
    message(FATAL_ERROR "--- expected\n${expected}\n--- printed\n${printed}\n--- errors\n${errors}")
endif()
