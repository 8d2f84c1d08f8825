// The papers for people against the code: the table of the law, the files that they name, and the two languages.

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "athanor/core/base/mapped_file.h"
#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

/// room -> the rooms that it NEEDS, from every CMakeLists below athanor/.
std::map<std::string, std::set<std::string>> needs_in_cmake() {
  std::map<std::string, std::set<std::string>> rooms;
  for (const auto& entry : fs::recursive_directory_iterator(testing::source_path("athanor"))) {
    if (entry.path().filename() != "CMakeLists.txt") continue;
    std::string text = base::read_text_file(entry.path());
    std::smatch call;
    if (!std::regex_search(text, call, std::regex("ath_room\\(([a-z_/]+)([^)]*)\\)"))) continue;
    std::string arguments = call[2];
    arguments = arguments.substr(0, arguments.find("LIBS"));
    rooms[call[1]] = matches(arguments, std::regex("((?:core|run|learn)/[a-z_]+)"));
  }
  return rooms;
}

TEST(Papers, TheTableOfTheLawIsTheLaw) {
  std::string text = base::read_text_file(testing::source_path("docs/architecture.md"));
  text = text.substr(text.find("| room | may include |"));
  text = text.substr(0, text.find("\n\n"));
  std::map<std::string, std::set<std::string>> rows;
  std::regex row("\n\\| ((?:core|run|learn)/[a-z_]+) \\| ([^|]*) \\|");
  for (std::sregex_iterator at(text.begin(), text.end(), row), end; at != end; ++at)
    rows[(*at)[1]] = matches((*at)[2], std::regex("((?:core|run|learn)/[a-z_]+)"));
  EXPECT_EQ(rows, needs_in_cmake());
}

TEST(Papers, EveryPathThatTheyNameIsThere) {
  for (const char* name : {"CONTRIBUTING.md", "docs/architecture.md", "README.md", "docs/quickstart.md", "docs/engine.md",
                           "assets/corpus/README.md"}) {
    std::string text = base::read_text_file(testing::source_path(name));
    for (const std::string& path :
         matches(text, std::regex("`((?:app|athanor|assets|docs|recipes|tests|tools)/[A-Za-z0-9_./-]+)`")))
      EXPECT_TRUE(fs::exists(testing::source_path(path))) << name << " names " << path;
    for (const std::string& link : matches(text, std::regex("\\]\\(([A-Za-z0-9_./-]+)\\)")))
      EXPECT_TRUE(fs::exists(testing::source_path(name).parent_path() / link)) << name << " links to " << link;
  }
}

TEST(Papers, BothReadmesShowTheSameCommandsAndRooms) {
  auto commands = [](const char* name) {
    std::vector<std::string> lines;
    for (const Block& block : blocks_of(testing::source_path(name)))
      if (block.info == "sh") lines.push_back(block.text);
    return lines;
  };
  EXPECT_EQ(commands("README.md"), commands("README.zh-CN.md"));
  auto rooms = [](const char* name) {
    return matches(base::read_text_file(testing::source_path(name)), std::regex("\n  ([a-z]+) +[^\n]"));
  };
  EXPECT_EQ(rooms("README.md"), rooms("README.zh-CN.md"));
  for (const auto& [room, needs] : needs_in_cmake())
    EXPECT_TRUE(rooms("README.md").contains(room.substr(room.find('/') + 1))) << room;
}

TEST(Papers, ThirdPartyIsWhatThePackagesSay) {
  auto check = testing::run_program("/usr/bin/python3", {testing::source_path("tools/third_party.py").string(), "--check"});
  EXPECT_EQ(check.exit_code, 0) << check.err;
}

}  // namespace
}  // namespace athanor::app
