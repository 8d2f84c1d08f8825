#include <sstream>

#include "athanor/core/base/mapped_file.h"
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

TEST(Errors, NotEnoughMemoryIsOneLineToo) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs memory of its own";
#endif
  Workbench bench;
  auto result = bench.shell("prlimit --data=3000000 athanor eval model --data text.txt --threads 1");
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_NE(result.err.find("[cli.memory] not enough memory"), std::string::npos) << result.err;
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

/// Starts an evaluation, sends it `signals` SIGINTs, and gives "exit code, seconds from the first signal to the end".
std::pair<int, double> interrupted(const Workbench& bench, int signals) {
  // Python, because a shell starts background programs with SIGINT ignored.
  bench.folder().write("interrupt.py",
                       "import signal, subprocess, sys, time\n"
                       "p = subprocess.Popen(['athanor', 'eval', 'model', '--data', 'long.txt', '--window', '512', '-t', '1'], "
                       "stdout=subprocess.DEVNULL)\n"
                       "time.sleep(0.4); start = time.time()\n"
                       "for _ in range(int(sys.argv[1])): p.send_signal(signal.SIGINT); time.sleep(0.001)\n"
                       "print(p.wait(), time.time() - start)\n");
  auto result = bench.shell("exec python3 interrupt.py " + std::to_string(signals));
  int code = 0;
  double seconds = 0;
  std::istringstream(result.out) >> code >> seconds;
  return {code, seconds};
}

TEST(Errors, CtrlCEndsWith130AndASecondOneLeavesAtOnce) {
  Workbench bench;
  std::string text = base::read_text_file(bench / "text.txt"), longer;
  for (int i = 0; i < 20; ++i) longer += text;
  bench.folder().write("long.txt", longer);
  EXPECT_EQ(interrupted(bench, 1).first, 130);
  auto [code, seconds] = interrupted(bench, 2);
  EXPECT_EQ(code, 130);
  EXPECT_LT(seconds, 1);
}

}  // namespace
}  // namespace athanor::app
