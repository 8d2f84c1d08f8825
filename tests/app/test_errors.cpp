#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "tests/app/workbench.h"
#include "tests/testing/cases.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

/// One line on standard error, of the house's form, quickly, and nothing left behind.
void expect_error(const Workbench& bench, const std::string& line, int code, const std::string& part, const std::string& name) {
  std::string before = bench.folder().listing();
  auto result = bench.shell("athanor " + line + " < /dev/null");
  EXPECT_EQ(result.exit_code, code) << name << ": " << result.err;
  EXPECT_EQ(result.out, "") << name;
  EXPECT_NE(result.err.find(part), std::string::npos) << name << ": " << result.err;
  EXPECT_TRUE(result.err.starts_with("athanor: [")) << name << ": " << result.err;
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1) << name << ": " << result.err;
  EXPECT_LE(result.err.size(), 410) << name;
  EXPECT_LT(result.seconds, 2) << name;
  EXPECT_EQ(bench.folder().listing(), before) << name;
}

TEST(Errors, OfTheCommandLineAreOneLineWithTheRightCode) {
  Workbench bench;
  bench.run({"runs", "list"});  // makes the history, which is not what the cases look at
  for (const testing::Case& c : testing::read_cases(testing::source_path("tests/app/cli_errors.cases")))
    expect_error(bench, c.input, c.exit_code, c.expected, c.name);
}

TEST(Errors, StandardOutputThatCannotBeWritten) {
  Workbench bench;
  auto result = bench.shell("athanor tokenize model --text hello > /dev/full");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("cannot write to standard output"), std::string::npos) << result.err;
}

TEST(Errors, LearningWithoutAthanorLearnSaysWhatToDo) {
  Workbench bench;
  std::filesystem::copy_file(testing::build_path("bin/athanor"), bench / "athanor");
  testing::ProgramOptions options;
  options.folder = bench.path();
  auto result = testing::run_program(bench / "athanor", {"train", "recipe.yaml"}, options);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_NE(result.err.find("athanor-learn is not beside athanor"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("try make build"), std::string::npos) << result.err;
}

TEST(Errors, CtrlCEndsWith130AndASecondOneAtOnce) {
  Workbench bench;
  // A shell that starts the program in the background ignores SIGINT there; setsid and a subshell's trap give it back.
  auto result = bench.shell(
      "trap - INT; python3 -c 'import subprocess,signal,time; "
      "p=subprocess.Popen([\"athanor\",\"eval\",\"model\",\"--data\",\"text.txt\",\"--window\",\"32\"],"
      "preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)); time.sleep(0.3); p.send_signal(signal.SIGINT); "
      "print(p.wait())'");
  EXPECT_EQ(result.out.substr(result.out.find_last_of('\n', result.out.size() - 2) + 1), "130\n") << result.out << result.err;
}

}  // namespace
}  // namespace athanor::app
