#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/prepare_samples.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/core/text/tokenizer.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

std::string noisy(const AugmentOptions& options, std::string text, uint64_t seed = 1) {
  base::Philox random(seed, 0, base::Purpose::kNoise);
  base::find_row(augment_methods(), "noise", "test").make(options)(text, random);
  return text;
}

Sample made(const AugmentOptions& options, const base::Json& row, int64_t line = 1, int64_t pass = 0) {
  SampleMaker maker({"", {}, {}, options});
  maker.begin(row, "f", 1);
  std::set<std::string> unfilled;
  return maker.make(row, "f", line, unfilled, pass);
}

const std::string kProse =
    "The quick brown foxes jumped over every lazy sleeping animal while nobody watched them carefully enough";

TEST(Augmentation, RatesAreKept) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += kProse + ".\n";
  int64_t letters = 0;  // that may change: not the first of a word, not of "The"-less short words
  for (const char* word : {"The", "quick", "brown", "foxes", "jumped", "over", "every", "lazy", "sleeping", "animal", "while",
                           "nobody", "watched", "them", "carefully", "enough"})
    letters += 400 * (static_cast<int64_t>(std::string_view(word).size()) - 1);
  auto differences = [&](const std::string& other) {
    int64_t count = 0;
    for (size_t i = 0; i < text.size(); ++i) count += text[i] != other[i];
    return static_cast<double>(count) / static_cast<double>(letters);
  };
  AugmentOptions typos, drops, swaps, capitals;
  typos.typos = drops.drops = swaps.swaps = capitals.capitals = 0.1;
  EXPECT_NEAR(differences(noisy(typos, text)), 0.1, 0.01);
  EXPECT_NEAR(static_cast<double>(text.size() - noisy(drops, text).size()) / static_cast<double>(letters), 0.1, 0.01);
  EXPECT_NEAR(differences(noisy(capitals, text)), 0.1, 0.01);
  std::string swapped = noisy(swaps, text), before = text;
  EXPECT_GT(differences(swapped), 0.1);
  std::sort(swapped.begin(), swapped.end()), std::sort(before.begin(), before.end());
  EXPECT_EQ(swapped, before) << "swaps lose no letter";
}

TEST(Augmentation, NoiseIsOfTheSeedAndSparesWhatIsNoProse) {
  AugmentOptions all;
  all.typos = all.drops = all.swaps = all.capitals = 0.25;
  EXPECT_EQ(noisy(all, kProse), noisy(all, kProse));
  EXPECT_NE(noisy(all, kProse), noisy(all, kProse, 2));
  for (const char* kept : {"12345 3.14159 2nd", "some_name a/b/c x@example.org f(x)=y", "`verbatim code words` ", "{{placeholder}}",
                           "    indented program text", "\tindented program text", "a an is it"})
    EXPECT_EQ(noisy(all, kept), kept);
  const std::string mixed = noisy(all, "before `kept words here` afterwards");
  EXPECT_NE(mixed.find("`kept words here`"), std::string::npos) << mixed;
  const std::string chinese = noisy(all, "今天天气很好我们去公园散步吧");
  EXPECT_NE(chinese, "今天天气很好我们去公园散步吧");
  EXPECT_EQ(chinese.size() % 3, 0u) << "whole characters";
}

TEST(Augmentation, OnlyQuestionsChange) {
  AugmentOptions options;
  options.typos = 0.3, options.drops = 0.2;
  const base::Json row = {{"messages",
                           {{{"role", "system"}, {"content", kProse}},
                            {{"role", "user"}, {"content", kProse}},
                            {{"role", "assistant"}, {"content", kProse}},
                            {{"role", "user"}, {"content", kProse}},
                            {{"role", "assistant"}, {"content", kProse}}}}};
  const Sample sample = made(options, row);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ((*sample.messages)[i]["content"] == kProse, i % 2 == 0) << i;
  const Sample pair = made(options, {{"prompt", kProse}, {"completion", kProse}});
  EXPECT_NE(pair.prompt, kProse);
  EXPECT_EQ(pair.text, kProse);
  const Sample label = made(options, {{"text", kProse}, {"label", "looooong"}});
  EXPECT_NE(label.text, kProse);
  EXPECT_EQ(label.label, "looooong");
  EXPECT_EQ(made(options, {{"text", kProse}}).text, kProse) << "all of it is learned";
  const Sample choice = made(options, {{"prompt", kProse}, {"chosen", kProse}, {"rejected", "no, never"}});
  EXPECT_NE((*choice.messages)[0]["content"], kProse);
  EXPECT_EQ((*choice.chosen)[0]["content"], kProse);
}

TEST(Augmentation, AlpacasPartsStayTheWhole) {
  AugmentOptions options;
  options.swaps = 0.5;
  const Sample sample = made(options, {{"instruction", kProse}, {"input", "another sentence"}, {"output", "x"}});
  const base::Json& asked = (*sample.messages)[0];
  EXPECT_NE(asked["instruction"], kProse);
  EXPECT_EQ(asked["content"], asked["instruction"].get<std::string>() + "\n" + asked["input"].get<std::string>());
}

TEST(Augmentation, TemplatesAreDrawn) {
  AugmentOptions options;
  options.templates = {"Q: {{prompt}}", "{{prompt}} A:", "Please: {{prompt}}"};
  EXPECT_STREQ(base::find_row(augment_methods(), "templates", "test").name, "templates");
  const base::Json row = {{"instruction", "do {{prompt}}"}, {"input", "it"}, {"output", "x"}};
  std::map<std::string, int> drawn;
  for (int64_t line = 1; line <= 300; ++line) {
    const Sample sample = made(options, row, line);
    EXPECT_FALSE((*sample.messages)[0].contains("input")) << "else the alpaca template would not see it";
    ++drawn[(*sample.messages)[0]["content"]];
  }
  ASSERT_EQ(drawn.size(), 3u);
  for (const auto& [text, count] : drawn) EXPECT_GT(count, 70) << text;
  EXPECT_EQ(drawn.begin()->first, "Please: do {{prompt}}\nit");
  options.templates = {"no place"};
  EXPECT_THROW(made(options, row), base::Error);
}

TEST(Augmentation, PassesAreOtherWordingsWithTheSameAnswers) {
  const testing::TempFolder folder;
  const auto tokenizer = text::load_tokenizer(testing::Golden("core_data/render").path() / "byte-level");
  std::string rows;
  for (int i = 0; i < 20; ++i) rows += base::cat("{\"prompt\": \"", kProse, "\", \"completion\": \"answer ", i, "\"}\n");
  DataOptions options;
  options.train = {folder.write("a.jsonl", rows + rows.substr(0, rows.find('\n') + 1))};
  options.augment.passes = 3, options.augment.typos = 0.1;
  options.clean.drop_duplicates = false;
  options.holdout = 0.1;
  const PreparedData data = prepare_samples(options, {*tokenizer, 7, folder.path(), 256}, folder / "data");
  EXPECT_EQ(data.report.passes, (std::vector<int64_t>{18, 36, 54}));
  ASSERT_EQ(data.train.documents(), 54);
  auto parts = [&](const TokenShard& shard, int64_t d) {  // what is asked, what is learned
    std::vector<int32_t> codes(static_cast<size_t>(shard.document_tokens(d)));
    shard.copy(d, 0, shard.document_tokens(d), codes.data());
    std::pair<std::string, std::string> texts;
    for (int32_t code : codes) (code % 2 == 1 ? texts.second : texts.first) += tokenizer->token_bytes(code / 2);
    return texts;
  };
  for (int64_t i = 0; i < 18; ++i) {
    const auto first = parts(data.train, i), second = parts(data.train, 18 + i);
    EXPECT_EQ(first.second, base::cat("answer ", i, "</s>"));
    EXPECT_EQ(second.second, first.second);
    EXPECT_NE(second.first, first.first);
    EXPECT_NE(first.first, kProse);
  }
  EXPECT_EQ(parts(*data.eval, 0).first, kProse) << "held-out samples stay as they are";
  const PreparedData again = prepare_samples(options, {*tokenizer, 7, folder.path(), 256}, folder / "data");
  EXPECT_TRUE(again.reused);
  EXPECT_EQ(again.report.passes, data.report.passes);
  options.augment.seed = 1;
  EXPECT_NE(prepare_samples(options, {*tokenizer, 7, folder.path(), 256}, folder / "data").key, data.key);
}

TEST(Augmentation, EpochsTakeTurns) {
  const testing::TempFolder folder;
  TokenShardWriter writer(folder / "s.tokens", 1000, 0);
  for (int32_t i = 0; i < 30; ++i) writer.add(std::vector<int32_t>{2 * i, 2 * i + 1}, 1);
  writer.commit();
  const TokenShard shard = TokenShard::open(folder / "s.tokens");
  const SampleSampler sampler(shard, {.length = 4, .batch = 1, .seed = 3, .pack = false, .passes = {10, 20, 30}});
  EXPECT_EQ(sampler.rows_in_first_epoch(), 10);
  EXPECT_EQ(sampler.filled(), 0.25);
  for (int64_t row = 0; row < 60; ++row) {
    const int32_t sample = sampler.batch(row).ids[0];
    EXPECT_EQ(sample / 10, row / 10 % 3) << "epoch " << row / 10;
  }
}

}  // namespace
}  // namespace athanor::data
