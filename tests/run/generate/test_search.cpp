#include "athanor/run/generate/search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/error.h"
#include "athanor/run/generate/search/dola.h"
#include "tests/run/generate/list_tokenizer.h"
#include "tests/testing/golden.h"

namespace athanor::generate {
namespace {

using Ids = std::vector<text::TokenId>;

const ListTokenizer kLetters({"a", "b", "c", "d", "</s>"});
constexpr size_t kVocab = 5;

/// Scores that depend on the last two tokens only.
std::vector<float> scores_after(std::span<const text::TokenId> ids) {
  const int last = ids.back(), before = ids.size() > 1 ? ids[ids.size() - 2] : 7;
  std::vector<float> scores(kVocab);
  for (size_t v = 0; v < kVocab; ++v)
    scores[v] = 2 * std::sin(static_cast<float>(3 * last + 5 * before + 11 * static_cast<int>(v)));
  return scores;
}

class TableBranches final : public BranchingSource {
 public:
  std::span<float> begin(std::span<const text::TokenId> prompt) override {
    sequences_ = {Ids(prompt.begin(), prompt.end())};
    return answer();
  }
  std::span<float> step(std::span<const int64_t> parents, std::span<const text::TokenId> ids) override {
    std::vector<Ids> next;
    for (size_t i = 0; i < parents.size(); ++i) {
      next.push_back(sequences_.at(static_cast<size_t>(parents[i])));
      next.back().push_back(ids[i]);
    }
    sequences_ = std::move(next);
    return answer();
  }
  std::span<const float> states() const override { return states_; }
  int64_t vocab_size() const override { return kVocab; }
  int64_t room() const override { return 100; }

 private:
  std::span<float> answer() {
    scores_.clear();
    for (const Ids& ids : sequences_)
      for (float s : scores_after(ids)) scores_.push_back(s);
    return scores_;
  }
  std::vector<Ids> sequences_;
  std::vector<float> scores_, states_ = {1, 0};
};

class TableModel final : public ModelScores {
 public:
  std::unique_ptr<ScoreSource> sequence() const override { return nullptr; }
  std::unique_ptr<BranchingSource> branches() const override { return std::make_unique<TableBranches>(); }
  std::unique_ptr<LayeredSource> layered() const override { return nullptr; }
};

GenerateResult run_search(const GenerateOptions& options) { return generate(TableModel(), kLetters, Ids{0, 1}, Ids{4}, options); }

/// The most probable text of all that end within `most` tokens (or are that long), with its score.
void best_of_all(Ids& ids, double score, size_t most, double length_penalty, std::pair<double, Ids>& best) {
  const size_t written = ids.size() - 2;
  if (written == most || (written > 0 && ids.back() == 4)) {
    const double rated = score / std::pow(static_cast<double>(written), length_penalty);
    if (best.second.empty() || rated > best.first) best = {rated, Ids(ids.begin() + 2, ids.end())};
    return;
  }
  const std::vector<float> scores = scores_after(ids);
  for (text::TokenId v = 0; v < static_cast<int>(kVocab); ++v) {
    ids.push_back(v);
    best_of_all(ids, score + logprob_of(scores, v), most, length_penalty, best);
    ids.pop_back();
  }
}

TEST(Search, ManyBeamsFindTheBestTextOfAll) {
  for (double length_penalty : {0.0, 1.0, 2.0}) {
    std::pair<double, Ids> best;
    Ids prompt = {0, 1};
    best_of_all(prompt, 0, 5, length_penalty, best);
    const GenerateResult found =
        run_search({.max_new_tokens = 5, .num_beams = 1000, .length_penalty = length_penalty, .early_stopping = "never"});
    EXPECT_EQ(found.ids, best.second) << length_penalty;
    EXPECT_NEAR(found.score, best.first, 1e-5);
  }
}

TEST(Search, PhrasesCome) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"dad"}, {"cc", "bd"}, {"aab", "d", "cab"}}) {
    const GenerateResult found = run_search({.max_new_tokens = 14, .num_beams = 6, .force_words = words});
    for (const std::string& word : words) EXPECT_NE(found.text.find(word), std::string::npos) << word << " in " << found.text;
  }
}

TEST(Search, StopTextsAndPenaltiesHoldForBeams) {
  const GenerateResult plain = run_search({.max_new_tokens = 12, .num_beams = 3, .ignore_eos = true});
  const GenerateResult cut =
      run_search({.max_new_tokens = 12, .num_beams = 3, .stop = {plain.text.substr(4, 2)}, .ignore_eos = true});
  EXPECT_EQ(cut.text, plain.text.substr(0, plain.text.find(plain.text.substr(4, 2))));
  EXPECT_EQ(cut.finish_reason, "stop");
  const GenerateResult once = run_search({.max_new_tokens = 12, .no_repeat_ngram_size = 2, .num_beams = 3, .ignore_eos = true});
  std::set<std::pair<int, int>> pairs = {{0, 1}};
  int before = 1;
  for (text::TokenId id : once.ids) {
    EXPECT_TRUE(pairs.insert({before, id}).second);
    before = id;
  }
}

TEST(Dola, EqualsTheFormulaOnStoredLayerScores) {
  const testing::Golden golden("run_generate/samplers");
  for (const base::Json& c : golden.json().at("dola")) {
    std::vector<float> rows;
    for (const base::Json& row : c.at("rows"))
      for (const base::Json& score : row) rows.push_back(score);
    const size_t vocab = c.at("after").size();
    contrast_layers(rows, vocab);
    for (size_t v = 0; v < vocab; ++v) {
      const float got = rows[rows.size() - vocab + v];
      const base::Json& expected = c.at("after")[v];
      ASSERT_EQ(got == kNever, expected.is_null()) << v;
      if (!expected.is_null()) {
        EXPECT_NEAR(got, expected.get<double>(), 10 * golden.tolerance());
      }
    }
  }
}

TEST(Dola, ChoosesTheLayersOfTransformers) {
  using Layers = std::vector<int64_t>;
  EXPECT_EQ(dola_layers("low", 32, false), (Layers{0, 2, 4, 6, 8, 10, 12, 14}));
  EXPECT_EQ(dola_layers("high", 32, false), (Layers{16, 18, 20, 22, 24, 26, 28, 30}));
  EXPECT_EQ(dola_layers("low", 32, true).front(), 2);
  EXPECT_EQ(dola_layers("low", 60, true), (Layers{2, 4, 6, 8, 10, 12, 14, 16, 18}));
  EXPECT_EQ(dola_layers("high", 60, false), (Layers{40, 42, 44, 46, 48, 50, 52, 54, 56, 58}));
  EXPECT_EQ(dola_layers("low", 2, true), (Layers{1}));
  EXPECT_EQ(dola_layers("low", 1, false), (Layers{0}));
  EXPECT_EQ(dola_layers("3,1,3", 6, false), (Layers{3, 1}));
  for (const char* wrong : {"", "6", "-1", "1,", "1;2", "middle", "99999999999999999999"})
    EXPECT_THROW(dola_layers(wrong, 6, false), base::Error) << wrong;
}

TEST(Search, RowsSayWhenTheyAreAsked) {
  const std::pair<const char*, GenerateOptions> asked[] = {{"beam-search", {.num_beams = 2}},
                                                           {"diverse-beam-search", {.num_beams = 4, .num_beam_groups = 2}},
                                                           {"constrained-beam-search", {.num_beams = 2, .force_words = {"a"}}},
                                                           {"contrastive-search", {.top_k = 4, .penalty_alpha = 0.6}},
                                                           {"dola", {.dola_layers = "low"}},
                                                           {"guidance", {.guidance_scale = 2}}};
  ASSERT_EQ(searches().size(), std::size(asked));
  for (size_t i = 0; i < std::size(asked); ++i) {
    EXPECT_STREQ(searches()[i].name, asked[i].first);
    for (const SearchRow& row : searches())
      EXPECT_EQ(row.asked(asked[i].second), row.name == std::string(asked[i].first)) << row.name;
    EXPECT_FALSE(searches()[i].asked({}));
  }
}

TEST(Search, WhatCannotBeIsNamed) {
  const std::pair<GenerateOptions, const char*> wrong[] = {
      {{.num_beams = 0}, "[generate.num_beams] out of range; got 0"},
      {{.num_beams = 3, .num_beam_groups = 2},
       "[generate.num_beam_groups] beams must divide into groups of one size; got 2 groups of 3"},
      {{.length_penalty = 2}, "[generate.num_beams] length_penalty, early_stopping and force_words need beams"},
      {{.force_words = {"a"}}, "[generate.num_beams]"},
      {{.num_beams = 2, .diversity_penalty = 1}, "[generate.diversity_penalty] needs groups of beams"},
      {{.num_beams = 4, .num_beam_groups = 2, .force_words = {"a"}}, "[generate.force_words] goes with one group"},
      {{.num_beams = 2, .early_stopping = "maybe"}, "[generate.early_stopping] unknown value; got maybe"},
      {{.num_beams = 2, .force_words = {""}}, "[generate.force_words] a text has no token"},
      {{.top_p = 0.9, .num_beams = 2}, "[generate.beam-search] beam-search draws nothing, so top-p would do nothing"},
      {{.temperature = 0.7, .num_beams = 2}, "[generate.beam-search] beam-search draws nothing, so temperature would do nothing"},
      {{.num_beams = 2, .logprobs = 3}, "[generate.beam-search] beam-search keeps no log-probabilities"},
      {{.penalty_alpha = 0.6}, "[generate.penalty_alpha] contrastive search chooses among top_k tokens; got top_k 0"},
      {{.top_k = 4, .penalty_alpha = 2}, "[generate.penalty_alpha] out of range; got 2"},
      {{.top_k = 4, .num_beams = 2, .penalty_alpha = 0.6},
       "[generate.search] two ways of decoding that do not go together; got beam-search and contrastive-search"},
      {{.dola_norm = true}, "[generate.dola_norm]"},
      {{.guidance_scale = NAN}, "[generate.guidance_scale] out of range; got nan"},
      {{.negative_prompt = "a"}, "[generate.negative_prompt] needs a guidance_scale"},
  };
  for (const auto& [options, message] : wrong) {
    try {
      run_search(options);
      ADD_FAILURE() << message;
    } catch (const base::Error& e) {
      EXPECT_EQ(e.kind(), base::ErrorKind::kInput);
      EXPECT_EQ(std::string(e.what()).find(message), 0u) << e.what();
    }
  }
}

}  // namespace
}  // namespace athanor::generate
