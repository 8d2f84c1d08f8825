#pragma once
// A folder with what the examples of help and docs use: model (stories260K, with a chat template), stories260K.bin, tok512.bin,
// text.txt, and on demand more.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "athanor/core/base/json.h"
#include "tests/testing/program.h"
#include "tests/testing/temp_folder.h"

namespace athanor::app {

class Workbench {
 public:
  Workbench();
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
  const testing::TempFolder& folder() const { return folder_; }

  /// `athanor` with these arguments, in the folder; its history of runs lies there too.
  testing::ProgramResult run(const std::vector<std::string>& arguments, const std::string& input = "") const;
  /// A line for the shell, in which `athanor` is this build's.
  testing::ProgramResult shell(const std::string& line) const;
  /// Runs with exit code 0 and gives the JSON object on standard output.
  base::Json json(const std::vector<std::string>& arguments) const;

 private:
  testing::ProgramOptions options() const;
  testing::TempFolder folder_;
};

/// Whether this build has athanor-learn.
bool learns();

/// Fenced blocks of a Markdown file: their info string ("sh", "sh no-run", "yaml") and lines.
struct Block {
  std::string info, text;
  int line;
};
std::vector<Block> blocks_of(const std::filesystem::path& file);

}  // namespace athanor::app

#define ATH_NEEDS_LEARN() \
  if (!::athanor::app::learns()) GTEST_SKIP() << "this build has no athanor-learn"
