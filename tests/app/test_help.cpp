#include <sys/stat.h>

#include <algorithm>

#include "app/cli/command.h"
#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

using ::testing::Test;

TEST(Help, MentionsEveryCommand) {
  auto help = testing::run_athanor({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.err, "");
  for (const Command& command : commands()) {
    EXPECT_NE(help.out.find(std::string("  ") + command.name + " "), std::string::npos) << command.name;
    EXPECT_NE(help.out.find(command.sentence), std::string::npos) << command.name;
  }
  EXPECT_EQ(testing::run_athanor({}).out, help.out);
}

TEST(Help, OfEveryCommandShowsItsExamplesAndTheFlagsOfAll) {
  for (const Command& command : commands()) {
    auto help = testing::run_athanor({command.name, "--help"});
    EXPECT_EQ(help.exit_code, 0) << command.name;
    ASSERT_FALSE(command.examples.empty()) << command.name;
    for (const char* example : command.examples) EXPECT_NE(help.out.find(example), std::string::npos) << example;
    for (const char* flag : {"--threads", "--device", "--dtype", "--log-level", "--help"})
      EXPECT_NE(help.out.find(flag), std::string::npos) << command.name << flag;
    EXPECT_EQ(testing::run_athanor({"help", command.name}).out, help.out);
    EXPECT_EQ(testing::run_athanor({"-t", "2", command.name, "-h"}).out, help.out);
  }
}

TEST(Help, EveryCommandHasItsFileAndEveryFileItsCommand) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(testing::source_path("app/cli/commands"))) {
    std::string name = entry.path().stem().string();
    std::replace(name.begin(), name.end(), '_', '-');
    EXPECT_NO_THROW(find_command(name)) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, commands().size());
}

TEST(Help, VersionIsTheProjects) { EXPECT_EQ(testing::run_athanor({"--version"}).out, "athanor " ATHANOR_VERSION "\n"); }

TEST(Help, AnswersWithoutLibtorch) {
  testing::ProgramOptions options;
  options.environment = {"LD_TRACE_LOADED_OBJECTS=1"};
  auto libraries = testing::run_athanor({"--help"}, options);
  EXPECT_EQ(libraries.out.find("torch"), std::string::npos) << libraries.out;
  EXPECT_EQ(libraries.out.find("cuda"), std::string::npos) << libraries.out;
  double best = 1;
  for (int i = 0; i < 5; ++i) best = std::min(best, testing::run_athanor({"--help"}).seconds);
  RecordProperty("milliseconds", static_cast<int>(best * 1e3));
}

TEST(Help, NoCommandThatIsNotThereIsNamed) {
  // What other programs of this kind have and this one does not yet: an unknown command, not a promise.
  for (const char* name : {"serve", "quantize", "prune"}) {
    auto result = testing::run_athanor({name});
    EXPECT_EQ(result.exit_code, 2) << name;
    EXPECT_NE(result.err.find("unknown command"), std::string::npos) << result.err;
  }
}

}  // namespace
}  // namespace athanor::app
