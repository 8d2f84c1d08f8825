#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/history/history.h"
#include "tests/learn/train/tiny_run.h"

namespace athanor::train {
namespace {

/// The history of this test instead of the machine's.
class OwnHistory {
 public:
  explicit OwnHistory(const std::filesystem::path& path) { setenv("ATHANOR_RUNS", path.c_str(), 1); }
  ~OwnHistory() { unsetenv("ATHANOR_RUNS"); }
};

std::vector<std::string> pretend_to_write(const SampleRequest& request) {
  std::vector<std::string> texts;
  for (const std::string& prompt : request.options.sample_prompts)
    texts.push_back(std::to_string(request.tokenizer.encode(prompt).size()) + " tokens");
  return texts;
}

TEST(Samples, AreWrittenAtTheBeginningAtTheirStepsAndAtTheEnd) {
  use_test_threads(1);
  const testing::TempFolder folder;
  const OwnHistory own(folder / "runs.db");
  const TrainRecipe recipe = with(tiny_recipe(folder), {"train.sample_every=5", "train.sample_prompts=[abc, de]"});
  TrainHooks hooks;
  hooks.write_samples = pretend_to_write;
  const TrainResult result = train_recipe(recipe, Resume::kNo, hooks);
  EXPECT_EQ(result.samples_before, (std::vector<std::string>{"3 tokens", "2 tokens"}));
  EXPECT_EQ(result.samples_after.size(), 2u);
  const history::History runs = history::History::open(folder / "runs.db");
  const std::vector<history::TextSample> samples = runs.samples(runs.list().at(0).id);
  ASSERT_EQ(samples.size(), 8u);
  EXPECT_EQ(samples[0].step, 12);
  EXPECT_EQ(samples[0].prompt, "abc");
  EXPECT_EQ(samples[0].text, "3 tokens");
  EXPECT_EQ(samples[1].text, "2 tokens");
  EXPECT_EQ(samples[2].step, 10);
  EXPECT_EQ(samples[5].step, 5);
  EXPECT_EQ(samples[7].step, 0);
}

TEST(Samples, OfAModelThatIsTunedToAnswerAreAnswersInItsTemplate) {
  use_test_threads(1);
  const testing::TempFolder folder;
  const OwnHistory own(folder / "runs.db");
  std::ofstream(folder / "rows.jsonl") << R"({"prompt": "ab", "completion": "c"})"
                                       << "\n";
  std::ofstream(folder / "chat.jinja")
      << "{% for m in messages %}{{ m.role[0] + m.content }}{% endfor %}{% if add_generation_prompt %}b{% endif %}";
  TrainRecipe recipe = with(tiny_recipe(folder), {"stage=sft", "train.steps=2", "train.sample_prompts=[abc]"});
  recipe.data = {};
  recipe.data.train = {(folder / "rows.jsonl").string()};
  recipe.data.chat_template = (folder / "chat.jinja").string();
  TrainHooks hooks;
  std::string asked;
  hooks.write_samples = [&](const SampleRequest& request) -> std::vector<std::string> {
    base::Json messages = base::Json::array({{{"role", "user"}, {"content", request.options.sample_prompts.at(0)}}});
    asked = request.chat ? request.chat->render(messages).text : "no template";
    return {asked};
  };
  EXPECT_EQ(train_recipe(recipe, Resume::kNo, hooks).samples_after, std::vector<std::string>{"uabcb"});
}

TEST(Samples, AModelThatCannotWriteGoesOnLearning) {
  use_test_threads(1);
  const testing::TempFolder folder;
  const OwnHistory own(folder / "runs.db");
  TrainHooks hooks;
  int asked = 0;
  hooks.write_samples = [&](const SampleRequest&) -> std::vector<std::string> {
    ++asked;
    base::input_error("test", {"cannot"});
  };
  const TrainResult result =
      train_recipe(with(tiny_recipe(folder), {"train.sample_every=1", "train.sample_prompts=[a]"}), Resume::kNo, hooks);
  EXPECT_EQ(result.end, "finished");
  EXPECT_EQ(asked, 1);
}

TEST(Samples, SecondsAndMemoryAreInTheHistory) {
  use_test_threads(1);
  const testing::TempFolder folder;
  const OwnHistory own(folder / "runs.db");
  train_recipe(tiny_recipe(folder), Resume::kNo, {});
  const history::History runs = history::History::open(folder / "runs.db");
  const int64_t id = runs.list().at(0).id;
  EXPECT_GT(runs.value_at(id, "elapsed_s", 12).value_or(0), 0);
  EXPECT_GT(runs.value_at(id, "memory_bytes", 12).value_or(0), 1e7);
}

TEST(Samples, WithoutPromptsAreAMistake) {
  const testing::TempFolder folder;
  EXPECT_THROW(with(tiny_recipe(folder), {"train.sample_every=5"}), base::Error);
}

}  // namespace
}  // namespace athanor::train
