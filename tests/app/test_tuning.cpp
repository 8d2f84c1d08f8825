// A real model is tuned as docs/adapters.md shows, and keeps what it knew.

#include <cmath>

#include "athanor/core/base/mapped_file.h"
#include "tests/app/workbench.h"
#include "tests/testing/data.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSmolLm2 = ".deps/real-models/SmolLM2-135M-Instruct.Q4_1.gguf";
constexpr double kTrainSeconds = 560;  // two and a half minutes on two cores of 2019

testing::ProgramResult in_folder(const Workbench& bench, const std::vector<std::string>& arguments) {
  testing::ProgramOptions options;
  options.folder = bench.path();
  options.seconds = kTrainSeconds;
  options.environment = {"ATHANOR_RUNS=" + (bench / "runs.db").string()};
  return testing::run_athanor(arguments, options);
}

std::string answer(const Workbench& bench, const std::string& question) {
  const auto result = in_folder(bench, {"generate", "smollm2", "--lora", "named", "--chat", "--prompt", question, "-n", "40",
                                        "--temperature", "0", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return base::parse_json(result.out, "test", "standard output").at("text");
}

TEST(SlowTuning, ARealModelLearnsItsNameAndForgetsNothing) {
  ATH_NEEDS_LEARN();
  if (!fs::exists(testing::source_path(kSmolLm2))) GTEST_SKIP() << kSmolLm2 << " is not there: make real-models";
  ATH_NEEDS_DATA("instructions/identity.json");
  ATH_NEEDS_DATA("text/wikitext-2.test.txt");
  const Workbench bench;
  const auto made = in_folder(bench, {"convert", testing::source_path(kSmolLm2).string(), "--out", "smollm2", "--dtype", "f32"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  fs::copy_file(testing::data_path("instructions/identity.json"), bench / "identity.json");
  bench.folder().write("wiki.txt", base::read_text_file(testing::data_path("text/wikitext-2.test.txt")).substr(0, 9'600));
  bool found = false;
  for (const Block& block : blocks_of(testing::source_path("docs/adapters.md")))
    if (block.info == "yaml" && block.text.starts_with("# identity.yaml"))
      bench.folder().write("identity.yaml", block.text), found = true;
  ASSERT_TRUE(found) << "docs/adapters.md has the recipe";
  const auto trained = in_folder(bench, {"train", "identity.yaml"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;

  const std::string name = answer(bench, "Who are you?"), capital = answer(bench, "What is the capital of France?");
  EXPECT_NE(name.find("Athanor"), std::string::npos) << name;
  EXPECT_NE(capital.find("Paris"), std::string::npos) << capital;
  const base::Json watch = base::read_json_file(bench / "named/watch.json", "test");
  const double growth = std::exp(watch["after"].get<double>() - watch["before"].get<double>());
  EXPECT_LE(growth, 1.05) << "perplexity of text that has nothing to do with it";
  std::printf("\"%s\" / \"%s\" / perplexity x %.4f, %.0f s of training\n", name.c_str(), capital.c_str(), growth, trained.seconds);
}

}  // namespace
}  // namespace athanor::app
