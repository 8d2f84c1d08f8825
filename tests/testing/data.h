#pragma once
// Files that tests need: those of the repository, and the larger ones beside it that only Real* suites use.

#include <filesystem>
#include <string>
#include <string_view>

namespace athanor::testing {

/// A file of the repository: source_path("tests/corpus/json").
std::filesystem::path source_path(std::string_view name);
/// What the build made: build_path("bin/athanor").
std::filesystem::path build_path(std::string_view name);
/// A file of the shared data folder: ATHANOR_DATA, else ../shared/data beside the repository. It may not exist.
std::filesystem::path data_path(std::string_view name);
/// Empty where the file is there, else why the test cannot run: `if (auto why = data_missing("text/x"); !why.empty()) GTEST_SKIP()
/// << why;`
std::string data_missing(std::string_view name);

}  // namespace athanor::testing

/// Ends a Real* test where a file of the shared data folder is not there.
#define ATH_NEEDS_DATA(name) \
  if (std::string why = ::athanor::testing::data_missing(name); !why.empty()) GTEST_SKIP() << why
