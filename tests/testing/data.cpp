#include "tests/testing/data.h"

#include <cstdlib>

namespace athanor::testing {

namespace fs = std::filesystem;

fs::path source_path(std::string_view name) { return fs::path(ATHANOR_SOURCE_DIR) / name; }
fs::path build_path(std::string_view name) { return fs::path(ATHANOR_BUILD_DIR) / name; }

fs::path data_path(std::string_view name) {
  const char* given = std::getenv("ATHANOR_DATA");
  const fs::path folder = given && *given ? fs::path(given) : source_path("../shared/data").lexically_normal();
  return folder / name;
}

std::string data_missing(std::string_view name) {
  const fs::path path = data_path(name);
  return fs::exists(path) ? "" : path.string() + " is not there (set ATHANOR_DATA to the folder of shared data)";
}

}  // namespace athanor::testing
