// The frame by the program, and every experiment as a smoke test: with --quick it does all that it does, on little data and for few
// steps. What is committed in lab/ is looked at too: each folder has its question, its prediction, its answer and its picture.

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "athanor/core/base/mapped_file.h"
#include "lab/experiment.h"
#include "tests/testing/data.h"
#include "tests/testing/program.h"
#include "tests/testing/temp_folder.h"

namespace athanor::lab {
namespace {

testing::ProgramResult run(const testing::TempFolder& folder, const std::vector<std::string>& arguments) {
  testing::ProgramOptions options;
  options.folder = folder.path(), options.seconds = 500;
  return testing::run_athanor(arguments, options);
}

/// Every number of the answer is finite, every seed is there, and the files are.
void expect_answer(const std::string& name) {
  testing::TempFolder folder;
  const auto result = run(folder, {"lab", name, "--quick", "--seeds", "2", "--out", "found", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const base::Json answer = base::parse_json(result.out, "test", "standard output");
  EXPECT_EQ(answer["experiment"], name);
  ASSERT_GE(answer["rows"].size(), 3u);
  ASSERT_GE(answer["claims"].size(), 3u);
  for (const base::Json& row : answer["rows"])
    for (const base::Json& cell : row["seeds"]) {
      if (cell.empty()) continue;
      EXPECT_EQ(cell.size(), 2u) << row;
      for (const base::Json& value : cell) EXPECT_TRUE(value.is_number() && std::isfinite(value.get<double>())) << row;
    }
  for (const char* file : {"results.json", "answer.md", "plot.svg", "report.html"})
    EXPECT_GT(std::filesystem::file_size(folder / (std::string("found/") + file)), 100u) << file;
  EXPECT_FALSE(std::filesystem::exists(folder / "found/runs")) << "what was trained is not left behind";
}

TEST(SlowLab, LoraInit) { expect_answer("lora-init"); }
TEST(SlowLab, LoraScale) { expect_answer("lora-scale"); }
TEST(SlowLab, Repetition) { expect_answer("repetition"); }
TEST(SlowLab, Forgetting) { expect_answer("forgetting"); }
TEST(SlowLab, Oom) { expect_answer("oom"); }
TEST(SlowLab, InstructionTuning) { expect_answer("instruction-tuning"); }

TEST(Lab, ListsItsExperiments) {
  testing::TempFolder folder;
  const auto result = run(folder, {"lab", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const base::Json list = base::parse_json(result.out, "test", "standard output")["experiments"];
  ASSERT_EQ(list.size(), experiments().size());
  EXPECT_EQ(list[0]["name"], "lora-init");
}

TEST(Lab, RefusesWhatItDoesNotKnowAndFoldersOfOthers) {
  testing::TempFolder folder;
  folder.write("full/notes.txt", "mine");
  folder.write("short.txt", "too short");
  const struct {
    std::vector<std::string> arguments;
    const char* part;
  } cases[] = {{{"lab", "lora-int"}, "try lora-init"},
               {{"lab", "lora-init", "--out", "full"}, "the folder holds something else"},
               {{"lab", "lora-init", "--general", "short.txt"}, "is too short"},
               {{"lab", "lora-init", "--seeds", "0"}, "--seeds"}};
  for (const auto& c : cases) {
    const auto result = run(folder, c.arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_NE(result.err.find(c.part), std::string::npos) << result.err;
  }
  EXPECT_EQ(base::read_text_file(folder / "full/notes.txt"), "mine");
}

TEST(Lab, EveryFolderHoldsItsAnswer) {
  for (const Experiment& experiment : experiments()) {
    const std::filesystem::path folder = testing::source_path("lab") / experiment.name;
    const std::string readme = base::read_text_file(folder / "README.md");
    for (const char* part : {"## The handbook", "## Prediction", "## Run", "## Answer", "plot.svg"})
      EXPECT_NE(readme.find(part), std::string::npos) << experiment.name << " lacks " << part;
    EXPECT_NE(readme.find(experiment.prediction), std::string::npos)
        << experiment.name << ": another prediction than in catalog.cpp";
    const base::Json results = base::read_json_file(folder / "results.json", "test");
    ASSERT_EQ(results["experiment"], experiment.name);
    for (const base::Json& claim : results["claims"])
      EXPECT_NE(readme.find(claim["numbers"].get<std::string>()), std::string::npos)
          << experiment.name << ": README.md lacks the numbers of results.json: " << claim;
  }
}

TEST(Answer, IsWrittenForReadersAndForPrograms) {
  const Experiment& experiment = experiments()[0];
  Answer answer;
  answer.claims = {{"It <works>.", Verdict::kRefuted, "By 1.00."}};
  answer.table = {"row", {{"loss", 2}, {"absent", 1}}, {{"one", {{1.0, 2.0}, {}}}}};
  answer.setting = {{"model", "tiny & small"}};
  const base::Json json = answer_json(experiment, answer);
  EXPECT_EQ(json["claims"][0]["verdict"], "refuted");
  EXPECT_EQ(json["rows"][0]["seeds"]["loss"], base::Json({1.0, 2.0}));
  EXPECT_NE(answer_markdown(answer).find("| one | 1.50 ± 0.71 |  |"), std::string::npos) << answer_markdown(answer);
  const std::string page = answer_page(experiment, answer);
  EXPECT_NE(page.find("It &lt;works&gt;."), std::string::npos);
  EXPECT_NE(page.find("tiny &amp; small"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
}

}  // namespace
}  // namespace athanor::lab
