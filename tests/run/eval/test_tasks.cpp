#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "app/cli/engine_scorer.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/run/eval/tasks/multiple_choice.h"
#include "athanor/run/eval/tasks/perplexity.h"
#include "tests/run/generate/list_tokenizer.h"
#include "tests/testing/golden.h"

namespace athanor::eval {
namespace {

struct TinyModel {
  TinyModel() {
    const auto folder = checkpoint::ModelFolder::open(testing::Golden("run_engine/llama-gqa").path());
    weights = folder.weights;
    model = engine::Model::load(models::decoder_from_config(*folder.config), weights, {.context = 64});
  }
  testing::Golden golden{"run_eval/tasks"};
  checkpoint::Checkpoint weights;
  std::shared_ptr<const engine::Model> model;
  generate::ListTokenizer tokenizer{golden.json().at("pieces").get<std::vector<std::string>>()};
};

std::string lines_of(const base::Json& questions) {
  std::string lines;
  for (const base::Json& q : questions) lines += q.dump() + "\n\n";
  return lines;
}

TEST(Perplexity, EqualsTransformersSlidingWindow) {
  const TinyModel s;
  app::EngineScorer scorer(s.model);
  const auto ids = s.golden.json().at("ids").get<std::vector<text::TokenId>>();
  for (const base::Json& c : s.golden.json().at("windows")) {
    const auto logprobs = windowed_logprobs(scorer, ids, {.window = c.at("window"), .stride = c.at("stride")});
    ASSERT_EQ(logprobs.size(), ids.size() - 1) << "every token but the first once";
    const double per_token = -std::accumulate(logprobs.begin(), logprobs.end(), 0.0) / static_cast<double>(logprobs.size());
    EXPECT_NEAR(per_token, c.at("nats").get<double>() / static_cast<double>(logprobs.size()), s.golden.tolerance()) << c.dump();
  }
}

TEST(Perplexity, PerTokenAndPerByte) {
  const TinyModel s;
  app::EngineScorer scorer(s.model);
  const std::string text = "the\xc3\xa9 inquer the";
  const EvalResult r = perplexity(scorer, s.tokenizer, text, "text", {});
  EXPECT_EQ(r.number("bytes"), static_cast<double>(text.size()));
  EXPECT_EQ(r.number("tokens"), static_cast<double>(s.tokenizer.encode(text, {}).size()));
  EXPECT_NEAR(std::log(r.value) * r.number("tokens"), r.number("nats_per_byte") * r.number("bytes"), 1e-9);
  EXPECT_NEAR(r.number("bits_per_byte") * std::log(2.0), r.number("nats_per_byte"), 1e-12);
  EXPECT_EQ(perplexity(scorer, s.tokenizer, text, "text", {.limit = 3}).number("tokens"), 3);
}

TEST(MultipleChoice, EqualsTheHarness) {
  const TinyModel s;
  app::EngineScorer scorer(s.model);
  const base::Json& data = s.golden.json();
  for (size_t q = 0; q < data.at("questions").size(); ++q) {
    const base::Json& question = data["questions"][q];
    for (size_t c = 0; c < question.at("choices").size(); ++c) {
      const double got =
          continuation_logprob(scorer, s.tokenizer, question.at("query"), " " + question["choices"][c].get<std::string>(), false);
      EXPECT_NEAR(got, data["logprobs"][q][c].get<double>(), 10 * s.golden.tolerance()) << question.dump() << c;
    }
  }
  const EvalResult r = multiple_choice(scorer, s.tokenizer, lines_of(data.at("questions")), "questions", {});
  for (const char* name : {"acc", "acc_norm", "acc_bytes"}) EXPECT_NEAR(r.number(name), data.at(name).get<double>(), 1e-9) << name;
  EXPECT_EQ(r.number("questions"), static_cast<double>(data["questions"].size()));
  EXPECT_EQ(multiple_choice(scorer, s.tokenizer, lines_of(data["questions"]), "questions", {.limit = 4}).number("questions"), 4);
}

TEST(Tasks, AreListed) {
  ASSERT_EQ(tasks().size(), 2u);
  EXPECT_STREQ(tasks()[0].name, "perplexity");
  EXPECT_STREQ(tasks()[1].name, "multiple-choice");
  EXPECT_EQ(shelves().front().entries.size(), 2u);
}

TEST(Tasks, MistakesAreNamed) {
  const TinyModel s;
  app::EngineScorer scorer(s.model);
  const std::string good = R"({"query": "a", "choices": ["a", "b"], "gold": 0})";
  const std::pair<std::string, const char*> wrong[] = {
      {"", "[eval.multiple-choice] q: no question"},
      {good + "\n[]", "[eval.multiple-choice] q:2: no text \"query\""},
      {R"({"query": 1, "choices": ["a", "b"], "gold": 0})", "q:1: no text \"query\""},
      {R"({"query": "a", "choices": ["a"], "gold": 0})", "q:1: no list \"choices\""},
      {R"({"query": "a", "choices": ["a", ""], "gold": 0})", "q:1: a choice is not a text"},
      {R"({"query": "a", "choices": ["a", "b"], "gold": 2})", "q:1: \"gold\" is not the index of a choice"},
      {R"({"query": "a", "choices": ["a", "b"], "gold": -1})", "q:1: \"gold\" is not the index of a choice"},
      {R"({"query": "a", "choices": ["a", "b"]})", "q:1: \"gold\" is not the index of a choice"},
      {R"({"query": )", "q:1"},
  };
  for (const auto& [data, message] : wrong) {
    try {
      multiple_choice(scorer, s.tokenizer, data, "q", {});
      ADD_FAILURE() << message;
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), base::ErrorKind::kFile);
      EXPECT_NE(std::string(e.what()).find(message), std::string::npos) << e.what();
    }
  }
  EXPECT_THROW(perplexity(scorer, s.tokenizer, "", "text", {}), base::Error);
  EXPECT_THROW(perplexity(scorer, s.tokenizer, "abc", "text", {.window = 1}), base::Error);
  EXPECT_THROW(perplexity(scorer, s.tokenizer, "abc", "text", {.window = 8, .stride = 8}), base::Error);
}

}  // namespace
}  // namespace athanor::eval
