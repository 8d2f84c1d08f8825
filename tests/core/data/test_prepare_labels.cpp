#include <gtest/gtest.h>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/label_counts.h"
#include "athanor/core/data/prepare_labels.h"
#include "athanor/core/data/sample_packing.h"
#include "tests/core/data/byte_tokenizer.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

class PrepareLabels : public ::testing::Test {
 protected:
  PreparedData prepare(const DataOptions& options, int64_t length = 16, int64_t pad = -1, std::vector<std::string> names = {}) {
    return prepare_labels(options, {{tokenizer, 7, folder.path(), length}, std::move(names), "", pad}, folder / "data");
  }
  DataOptions rows(const std::string& text) {
    DataOptions options;
    options.train = {folder.write("rows.jsonl", text)};
    return options;
  }
  /// "text>target" of each sample.
  static std::vector<std::string> samples(const TokenShard& shard) {
    std::vector<std::string> all;
    for (int64_t d = 0; d < shard.documents(); ++d) {
      std::vector<int32_t> codes(static_cast<size_t>(shard.document_tokens(d)));
      shard.copy(d, 0, shard.document_tokens(d), codes.data());
      std::string text;
      for (size_t i = 0; i + 1 < codes.size(); ++i) {
        EXPECT_EQ(codes[i] % 2, 0) << "a token is not learned";
        text += static_cast<char>(codes[i] / 2);
      }
      EXPECT_EQ(codes.back() % 2, 1);
      all.push_back(base::cat(text, ">", codes.back() / 2));
    }
    return all;
  }
  std::string message(const DataOptions& options, std::vector<std::string> names = {}) {
    try {
      prepare(options, 16, -1, std::move(names));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit_code(), 2) << error.what();
      return error.what();
    }
    return "no error";
  }

  testing::TempFolder folder;
  ByteTokenizer tokenizer;
};

using Lines = std::vector<std::string>;

TEST_F(PrepareLabels, OneLabelOfSeveral) {
  const DataOptions options = rows(
      "{\"text\": \"good\", \"label\": \"pos\"}\n{\"text\": \"bad\", \"label\": \"neg\"}\n"
      "{\"text\": \"abcdefghijklmnopqrst\", \"label\": \"pos\"}\n{\"text\": \"\", \"label\": \"neg\"}\n");
  const PreparedData data = prepare(options);
  EXPECT_EQ(data.report.labels.names, (Lines{"neg", "pos"}));
  EXPECT_EQ(data.report.labels.problem, "single_label_classification");
  EXPECT_EQ(samples(data.train), (Lines{"good>1", "bad>0", "abcdefghijklmnop>1"})) << "the label is not cut away";
  for (const auto& [step, count] : data.report.cleaning)
    if (step == "cut-to-length") {
      EXPECT_EQ(count, 1);
    }
  const PreparedData again = prepare(options);
  EXPECT_TRUE(again.reused);
  EXPECT_EQ(again.report.labels.names, data.report.labels.names);
}

TEST_F(PrepareLabels, APackedRowHasItsTargetsAtTheLastTokens) {
  const PreparedData data = prepare(rows("{\"text\": \"abc\", \"label\": 10}\n{\"text\": \"de\", \"label\": 9}\n"));
  EXPECT_EQ(data.report.labels.names, (Lines{"9", "10"})) << "numbers by size";
  const SampleSampler sampler(data.train, {.length = 6, .batch = 1, .shuffle = false});
  const Batch batch = sampler.first_epoch_rows(0, 1);
  EXPECT_EQ(batch.targets, (std::vector<int32_t>{-100, -100, 1, -100, 0, -100}));
  EXPECT_EQ(batch.ids, (std::vector<int32_t>{'a', 'b', 'c', 'd', 'e', 0}));
}

TEST_F(PrepareLabels, SeveralAtOnceAndNumbers) {
  const PreparedData several =
      prepare(rows("{\"text\": \"x\", \"label\": [\"b\", \"a\"]}\n{\"text\": \"y\", \"label\": []}\n"
                   "{\"text\": \"z\", \"label\": [\"b\"]}\n"));
  EXPECT_EQ(several.report.labels.problem, "multi_label_classification");
  ASSERT_EQ(several.report.labels.names, (Lines{"a", "b"}));
  std::vector<std::vector<float>> wanted;
  for (const std::string& sample : samples(several.train)) wanted.push_back(several.report.labels.values.at(sample.back() - '0'));
  EXPECT_EQ(wanted, (std::vector<std::vector<float>>{{1, 1}, {0, 0}, {0, 1}}));

  DataOptions options = rows("{\"text\": \"x\", \"label\": 1.5}\n{\"text\": \"y\", \"label\": -2}\n");
  options.problem = "regression";
  const PreparedData numbers = prepare(options);
  EXPECT_EQ(numbers.report.labels.names, (Lines{"LABEL_0"}));
  EXPECT_EQ(numbers.report.labels.values.at(samples(numbers.train)[1].back() - '0'), (std::vector<float>{-2}));
}

TEST_F(PrepareLabels, PaddingAtTheEndIsNotRead) {
  const PreparedData data = prepare(rows("{\"text\": \"a..\", \"label\": \"p\"}\n{\"text\": \"..\", \"label\": \"q\"}\n"), 16, '.');
  EXPECT_EQ(samples(data.train), (Lines{"a>0", ".>1"})) << "one token is always read, as transformers does";
}

TEST_F(PrepareLabels, PassesAreOtherWordingsWithTheSameLabels) {
  std::string text;
  for (int i = 0; i < 20; ++i)
    text += base::cat("{\"text\": \"the cat of house ", 100 + i, " sleeps in the sun all day\", \"label\": ", i % 3, "}\n");
  DataOptions options = rows(text);
  options.holdout = 0.1;
  options.augment.passes = 3, options.augment.typos = 0.1, options.augment.drops = 0.1, options.augment.swaps = 0.1;
  options.augment.capitals = 0.1, options.augment.templates = {"{{prompt}}", "Sorted: {{prompt}}"};
  const PreparedData data = prepare(options, 96);
  EXPECT_EQ(data.report.passes, (std::vector<int64_t>{18, 36, 54}));
  const Lines all = samples(data.train);
  ASSERT_EQ(all.size(), 54u);
  int templated = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].substr(all[i].find('>')), base::cat(">", i % 18 % 3)) << all[i];
    EXPECT_NE(all[i].find(base::cat(100 + i % 18)), std::string::npos) << "numbers stay: " << all[i];
    EXPECT_EQ(all[i].find("the cat of house"), all[i].npos) << all[i];
    EXPECT_NE(all[i], all[(i + 18) % 54]);
    templated += all[i].starts_with("Sorted: ");
  }
  EXPECT_GT(templated, 12);
  EXPECT_LT(templated, 42);
  EXPECT_EQ(samples(*data.eval),
            (Lines{"the cat of house 118 sleeps in the sun all day>0", "the cat of house 119 sleeps in the sun all day>1"}))
      << "held-out texts stay as they are";
  const PreparedData again = prepare(options, 96);
  EXPECT_TRUE(again.reused);
  EXPECT_EQ(samples(again.train), all);
  options.augment.seed = 1;
  EXPECT_NE(prepare(options, 96).key, data.key);
}

TEST_F(PrepareLabels, MistakesAreNamed) {
  EXPECT_NE(message(rows("{\"text\": \"a\"}\n")).find("samples of the form text"), std::string::npos);
  EXPECT_NE(message(rows("{\"text\": \"a\", \"label\": \"p\"}\n")).find("too few labels"), std::string::npos);
  EXPECT_NE(message(rows("{\"text\": \"a\", \"label\": \"pos\"}\n"), {"neg", "poss"}).find("try poss"), std::string::npos);
  DataOptions options = rows("{\"text\": \"a\", \"label\": [\"p\", \"q\"]}\n");
  options.problem = "single_label_classification";
  EXPECT_NE(message(options).find("multi_label_classification"), std::string::npos);
  options = rows("{\"text\": \"a\", \"label\": \"many\"}\n");
  options.problem = "regression";
  EXPECT_NE(message(options).find("no number"), std::string::npos);
  options = rows("{\"text\": \"a\", \"label\": \"p\"}\n");
  options.labels = {"p", "q"};
  EXPECT_NE(message(options, {"q", "p"}).find("not the model's own"), std::string::npos);
}

// By hand: three texts of a, of which two are right; one of b, taken for a. F1: a 4/6 (2 right, 3 answered, 3 true), b 0, c 0/1.
TEST(LabelCounts, OneLabelOfSeveral) {
  LabelCounts counts({"a", "b", "c", "never"});
  counts.add(0, 0), counts.add(0, 0), counts.add(0, 2), counts.add(1, 0);
  EXPECT_DOUBLE_EQ(counts.accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(counts.macro_f1(), (4.0 / 6) / 3);
  EXPECT_EQ(counts.matrix()[0], (std::vector<int64_t>{2, 0, 1, 0}));
  EXPECT_NE(counts.table().find("true \\ answer"), std::string::npos) << counts.table();
}

TEST(LabelCounts, SeveralLabels) {
  LabelCounts counts({"a", "b"});
  counts.add({true, false}, {true, false}), counts.add({true, true}, {true, false}), counts.add({false, false}, {false, true});
  EXPECT_DOUBLE_EQ(counts.accuracy(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(counts.macro_f1(), 0.5);  // a: 1; b: 0
  EXPECT_EQ(counts.table().find("answer"), std::string::npos);
}

}  // namespace
}  // namespace athanor::data
