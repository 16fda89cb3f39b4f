# Every target of the project is made by one of these functions, so that the flags, the
# include root and the layering are stated once. A room's CMakeLists.txt is then a list
# of its files and of the rooms that it may use.
#
#   oomkit_library(NAME klog SOURCES reader.cc ... DEPENDS core model kernel)
#   oomkit_test(NAME klog_reader_test SOURCES reader_test.cc DEPENDS klog LABELS unit)
#   oomkit_bench(NAME klog_bench SOURCES scan_bench.cc DEPENDS klog)
#   oomkit_fuzz(NAME reader_fuzz SOURCES reader_fuzz.cc DEPENDS klog)

add_library(oomkit_flags INTERFACE)
target_compile_features(oomkit_flags INTERFACE cxx_std_20)
if(OOMKIT_DEVELOPER)
  target_compile_options(oomkit_flags INTERFACE
    -Wall -Wextra -Wpedantic -Werror
    -Wconversion -Wsign-conversion -Wold-style-cast -Wundef -Wnon-virtual-dtor
    -Woverloaded-virtual -Wcast-align -Wcast-qual -Wdouble-promotion -Wformat=2
    -Wimplicit-fallthrough
    # With optimisation g++ 12 sees null and overlap inside std::string that are not there
    # (GCC bugs 105329, 105651).
    $<$<CONFIG:Debug>:-Wnull-dereference> $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond;-Wduplicated-branches;-Wlogical-op;-Wsuggest-override>
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety;-Winconsistent-missing-override>)
  if(OOMKIT_UNITY)
    # What another source of the room has in its anonymous namespace is no concern of a local name.
    target_compile_options(oomkit_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local>)
  else()
    target_compile_options(oomkit_flags INTERFACE -Wshadow)
  endif()
endif()
if(OOMKIT_UNITY)
  # A source that g++ sees as #included is taken for a header, whose anonymous names all would share.
  target_compile_options(oomkit_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(OOMKIT_SANITIZE)
  target_compile_options(oomkit_flags INTERFACE
    -fsanitize=${OOMKIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(oomkit_flags INTERFACE -fsanitize=${OOMKIT_SANITIZE})
endif()
if(OOMKIT_FUZZ)
  # Coverage for libFuzzer in the code under test; the fuzzers add their main themselves.
  target_compile_options(oomkit_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What GoogleTest's templates make takes most of a test's compile time, the sanitizers' part above
# all, and the code that is tested is in the libraries: of the sanitizers a test's own source has
# ASan. Of the rooms those that long tests and fuzzers run through are worth optimising.
set(test_options "")
set(room_options "")
set(hot_rooms core model kernel klog explain render policy policy_engine)
if(OOMKIT_SANITIZE)
  set(test_options -O0)
  set(room_options -O0)
  target_compile_options(oomkit_flags INTERFACE
    $<$<BOOL:$<TARGET_PROPERTY:OOMKIT_IS_TEST>>:-fno-sanitize=undefined;$<$<BOOL:${OOMKIT_FUZZ}>:-fno-sanitize=fuzzer-no-link>>)
endif()

# Precompiled headers of the standard library, and with GoogleTest for the tests: a clean
# build takes a third less. Off by default, because ccache does not see through them.
set(pch_std <algorithm> <array> <charconv> <chrono> <cstdint> <deque> <functional> <map> <memory>
  <optional> <span> <string> <string_view> <utility> <vector> <tl/expected.hpp>)
set(pch_test ${pch_std} <gtest/gtest.h> <gmock/gmock.h>)
set(pch_cold ${pch_std})
# oomkit_precompile(TARGET std|cold|test [OPTION...]): with the options that TARGET has.
function(oomkit_precompile target kind)
  if(NOT OOMKIT_PCH)
    return()
  endif()
  if(NOT TARGET oomkit_pch_${kind})
    file(WRITE ${PROJECT_BINARY_DIR}/pch_${kind}.cc "")
    add_library(oomkit_pch_${kind} OBJECT ${PROJECT_BINARY_DIR}/pch_${kind}.cc)
    target_link_libraries(oomkit_pch_${kind} PRIVATE oomkit_flags tl::expected
      $<$<STREQUAL:${kind},test>:GTest::gmock>)
    target_compile_options(oomkit_pch_${kind} PRIVATE ${ARGN})
    if(kind STREQUAL test)
      set_target_properties(oomkit_pch_${kind} PROPERTIES OOMKIT_IS_TEST ON)
    endif()
    target_precompile_headers(oomkit_pch_${kind} PRIVATE ${pch_${kind}})
  endif()
  target_precompile_headers(${target} REUSE_FROM oomkit_pch_${kind})
endfunction()

# Several sources of a room are compiled as one: most of a clean build's time goes into the
# headers of the standard library. Names in their anonymous namespaces have to differ for
# that. The fuzzers' long build takes each source alone, which shows a missing #include.
function(oomkit_library)
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS;PRIVATE_LIBS" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND oomkit::)
  add_library(oomkit_${ARG_NAME} STATIC ${ARG_SOURCES})
  add_library(oomkit::${ARG_NAME} ALIAS oomkit_${ARG_NAME})
  set_target_properties(oomkit_${ARG_NAME} PROPERTIES EXPORT_NAME ${ARG_NAME})
  target_include_directories(oomkit_${ARG_NAME} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/oomkit>)
  target_link_libraries(oomkit_${ARG_NAME} PUBLIC ${ARG_DEPENDS} tl::expected)
  target_compile_features(oomkit_${ARG_NAME} PUBLIC cxx_std_20)
  target_link_libraries(oomkit_${ARG_NAME} PRIVATE ${ARG_PRIVATE_LIBS} $<BUILD_INTERFACE:oomkit_flags>)
  if(ARG_NAME IN_LIST hot_rooms OR NOT room_options)
    oomkit_precompile(oomkit_${ARG_NAME} std)
  else()
    target_compile_options(oomkit_${ARG_NAME} PRIVATE ${room_options})
    oomkit_precompile(oomkit_${ARG_NAME} cold ${room_options})
  endif()
  if(OOMKIT_UNITY)
    set_target_properties(oomkit_${ARG_NAME} PROPERTIES
      UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${OOMKIT_UNITY})
  endif()
  set_property(GLOBAL APPEND PROPERTY OOMKIT_LIBRARIES oomkit_${ARG_NAME})
endfunction()

# A test program found by ctest. TIMEOUT is in seconds. Of its labels these say where it runs:
#   slow    not in `./dev test --fast`
#   long    in `./dev test --long` alone
#   plain   without the sanitizers too: they hide what it looks for, or let it try less
#   live    on this machine's kernel, vm: on kernels in virtual machines; both without sanitizers too
# `./dev test` runs everything once under the sanitizers; what it runs without them is this target.
add_custom_target(oomkit_plain_tests)
function(oomkit_test)
  if(NOT OOMKIT_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SOURCES;DEPENDS;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  list(TRANSFORM ARG_DEPENDS PREPEND oomkit::)
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE oomkit_flags ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  target_include_directories(${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${ARG_NAME} PRIVATE OOMKIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_compile_options(${ARG_NAME} PRIVATE ${test_options})
  set_target_properties(${ARG_NAME} PROPERTIES OOMKIT_IS_TEST ON)
  oomkit_precompile(${ARG_NAME} test ${test_options})
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    ENVIRONMENT "${ARG_ENVIRONMENT}")
  if(ARG_LABELS MATCHES "plain|live|vm")
    add_dependencies(oomkit_plain_tests ${ARG_NAME})
  endif()
endfunction()

function(oomkit_bench)
  if(NOT OOMKIT_BENCH)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND oomkit::)
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE oomkit_flags ${ARG_DEPENDS} benchmark::benchmark_main)
endfunction()

function(oomkit_fuzz)
  if(NOT OOMKIT_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "NAME" "SOURCES;DEPENDS" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND oomkit::)
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE oomkit_flags ${ARG_DEPENDS})
  target_include_directories(${ARG_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzzers)
endfunction()
