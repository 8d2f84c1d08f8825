# Everything that is not ours. What is found here is named here and nowhere else.
find_package(Threads REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Boost 1.81 REQUIRED)  # headers only: Asio and Beast, in run/http/server.cpp
find_package(ZLIB REQUIRED)
include(GoogleTest)
find_library(PCRE2 pcre2-8 REQUIRED)
find_library(UTF8PROC utf8proc REQUIRED)
find_library(SIMDJSON simdjson REQUIRED)
find_library(ZSTD zstd REQUIRED)
find_library(LIBEDIT edit REQUIRED)

# libtorch as the wheel ships it. The wheel's include folder also holds copies of fmt, protobuf and pybind11, so it comes last
# (-idirafter) and only on rooms of the learn wing. torch_cpu and c10 only: `torch` itself would need torch_cuda.
set(ATHANOR_LIBTORCH ${PROJECT_SOURCE_DIR}/.deps/libtorch CACHE PATH "Unpacked torch wheel (include/, lib/)")
if(EXISTS ${ATHANOR_LIBTORCH}/lib/libtorch_cpu.so)
  add_library(athanor_libtorch INTERFACE)
  # ATen/TensorOperators.h then brings one operator header instead of all of them
  target_compile_definitions(athanor_libtorch INTERFACE AT_PER_OPERATOR_HEADERS)
  target_compile_options(athanor_libtorch INTERFACE "SHELL:-idirafter ${ATHANOR_LIBTORCH}/include")
  set(cuda_folders ${PROJECT_SOURCE_DIR}/.deps/cuda)
  file(GLOB toolkits /usr/local/cuda*/lib64 /usr/local/cuda*/extras/CUPTI/lib64)
  list(APPEND cuda_folders ${toolkits})
  target_link_options(athanor_libtorch INTERFACE
    -Wl,-rpath,${ATHANOR_LIBTORCH}/lib -Wl,--disable-new-dtags -Wl,--allow-shlib-undefined)
  foreach(folder ${cuda_folders})
    target_link_options(athanor_libtorch INTERFACE -Wl,-rpath,${folder} -Wl,-rpath-link,${folder})
  endforeach()
  target_link_libraries(athanor_libtorch INTERFACE ${ATHANOR_LIBTORCH}/lib/libtorch_cpu.so ${ATHANOR_LIBTORCH}/lib/libc10.so)
endif()

# Arrow and Parquet as pyarrow's wheel ships them (make setup PARQUET=1); without them a .parquet file is an error that says so. They
# belong to one source of core/data.
set(ATHANOR_ARROW ${PROJECT_SOURCE_DIR}/.deps/arrow CACHE PATH "Unpacked pyarrow wheel (include/, lib/)")
file(GLOB arrow_libraries CONFIGURE_DEPENDS ${ATHANOR_ARROW}/lib/libparquet.so.* ${ATHANOR_ARROW}/lib/libarrow.so.*)
if(arrow_libraries)
  add_library(athanor_arrow INTERFACE)
  target_link_libraries(athanor_arrow INTERFACE ${arrow_libraries})
  target_link_options(athanor_arrow INTERFACE -Wl,-rpath,${ATHANOR_ARROW}/lib)
endif()
