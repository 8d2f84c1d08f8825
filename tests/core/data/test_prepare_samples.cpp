#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/prepare_samples.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/core/text/tokenizer.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

class PrepareSamples : public ::testing::Test {
 protected:
  PreparedData prepare(const DataOptions& options, int64_t length = 64) {
    return prepare_samples(options, {*tokenizer, 7, folder.path(), length}, folder / "data");
  }
  static int64_t count(const PreparedData& data, std::string_view step) {
    for (const auto& [name, n] : data.report.cleaning)
      if (name == step) return n;
    return -1;
  }
  /// "text|learned" of each sample, learned tokens in brackets.
  std::vector<std::string> texts(const TokenShard& shard) const {
    std::vector<std::string> all;
    for (int64_t d = 0; d < shard.documents(); ++d) {
      std::vector<int32_t> codes(static_cast<size_t>(shard.document_tokens(d)));
      shard.copy(d, 0, shard.document_tokens(d), codes.data());
      std::string text;
      bool inside = false;
      for (int32_t code : codes) {
        if ((code % 2 == 1) != inside) text += inside ? "]" : "[";
        inside = code % 2 == 1;
        text += tokenizer->token_bytes(code / 2);
      }
      all.push_back(text + (inside ? "]" : ""));
    }
    return all;
  }

  testing::TempFolder folder;
  testing::Golden golden{"core_data/render"};
  std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer(golden.path() / "byte-level");
};

using Texts = std::vector<std::string>;

TEST_F(PrepareSamples, RowsBecomeAShard) {
  DataOptions options;
  options.train = {folder.write("a.jsonl",
                                "{\"prompt\": \"1+1=\", \"completion\": \"2\"}\n{\"prompt\": \"1+1=\", \"completion\": \"2\"}\n"
                                "{\"prompt\": \"a\\r\\nb \", \"completion\": \"c\"}\n{\"prompt\": \"x\", \"completion\": \"\"}\n"),
                   folder.write("b.csv", "text\nall\n")};
  const PreparedData data = prepare(options);
  EXPECT_EQ(texts(data.train), (Texts{"1+1=[2</s>]", "a\nb [c</s>]", "<s>[all</s>]"}));
  EXPECT_EQ(data.report.documents, 3);
  EXPECT_EQ(data.report.learned_tokens,
            2 + 2 + static_cast<int64_t>(tokenizer->encode("all", {.add_special_tokens = false}).size()) + 1);
  EXPECT_EQ(count(data, "drop-duplicates"), 1);
  EXPECT_EQ(count(data, "newlines"), 1);
  EXPECT_EQ(count(data, "no-answer"), 1);
  EXPECT_EQ(data.chat_template, "");
  EXPECT_EQ(data.turn_end, tokenizer->eos());
}

TEST_F(PrepareSamples, LongSamplesAreCutAndCounted) {
  DataOptions options;
  options.train = {folder.write("a.jsonl",
                                "{\"prompt\": \"ab\", \"completion\": \"cdefghijklmnopqrstuvwxyz\"}\n"
                                "{\"prompt\": \"abcdefghijklmnopqrstuvwxyz\", \"completion\": \"c\"}\n")};
  const PreparedData data = prepare(options, 8);
  ASSERT_EQ(data.train.documents(), 1);
  EXPECT_EQ(data.train.document_tokens(0), 9);
  EXPECT_TRUE(texts(data.train)[0].starts_with("ab[cde")) << texts(data.train)[0];
  EXPECT_EQ(count(data, "cut-to-length"), 1);
  EXPECT_EQ(count(data, "answer-cut-away"), 1);
}

TEST_F(PrepareSamples, HoldoutAndReuse) {
  std::string rows;
  for (int i = 0; i < 10; ++i) rows += base::cat("{\"prompt\": \"", i, "=\", \"completion\": \"", i, "\"}\n");
  DataOptions options;
  options.train = {folder.write("a.jsonl", rows)};
  options.holdout = 0.2;
  const PreparedData first = prepare(options);
  EXPECT_FALSE(first.reused);
  EXPECT_EQ(first.train.documents(), 8);
  EXPECT_EQ(texts(*first.eval), (Texts{"8=[8</s>]", "9=[9</s>]"}));
  const PreparedData second = prepare(options);
  EXPECT_TRUE(second.reused);
  EXPECT_EQ(second.key, first.key);
  EXPECT_EQ(second.report.cleaning, first.report.cleaning);
  EXPECT_EQ(second.report.learned_tokens, first.report.learned_tokens);
  options.packing = false;
  EXPECT_TRUE(prepare(options).reused) << "what the sampler alone uses";
  options.chat_template = "chatml";
  const PreparedData other = prepare(options);
  EXPECT_FALSE(other.reused);
  EXPECT_NE(other.key, first.key);
  EXPECT_EQ(texts(*other.eval)[0], "<|im_start|>user\n8=<|im_end|>\n<|im_start|>assistant\n[8<|im_end|>]\n");
  EXPECT_EQ(other.turn_end, *tokenizer->token_to_id("<|im_end|>"));
  EXPECT_FALSE(other.chat_template.empty());
  EXPECT_NE(prepare(options, 65).key, other.key);
}

TEST_F(PrepareSamples, WhatCannotBeTunedOn) {
  auto error_of = [this](const char* name, const char* contents) {
    DataOptions options;
    options.train = {folder.write(name, contents)};
    try {
      prepare(options);
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_NE(error_of("p.jsonl", "{\"prompt\": \"q\", \"chosen\": \"a\", \"rejected\": \"b\"}").find("of the form preference"),
            std::string::npos);
  EXPECT_NE(error_of("c.csv", "text,label\na,1\n").find("of the form classification"), std::string::npos);
  EXPECT_NE(error_of("m.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}").find("no chat template"),
            std::string::npos);
  EXPECT_NE(error_of("t.txt", "text").find("samples cannot be read from plain text"), std::string::npos);
  EXPECT_NE(error_of("e.jsonl", "").find("hold no sample that can be learned"), std::string::npos);
  EXPECT_NE(error_of("n.jsonl", "{\"prompt\": \"q\", \"completion\": \"\"}").find("no-answer: 1"), std::string::npos);
}

class RealPrepareSamples : public PrepareSamples {};

TEST_F(RealPrepareSamples, AlpacaWastesLessThanOneIn20Positions) {
  ATH_NEEDS_DATA("instructions/alpaca_en_demo.json");
  DataOptions options;
  options.train = {testing::data_path("instructions/alpaca_en_demo.json").string()};
  const PreparedData data = prepare(options, 512);
  const SampleSampler packed(data.train, {.length = 512, .batch = 4});
  EXPECT_GT(packed.filled(), 0.95);
  RecordProperty("filled", std::to_string(packed.filled()));
  const SampleSampler unpacked(data.train, {.length = 512, .batch = 4, .pack = false});
  EXPECT_EQ(unpacked.rows_in_first_epoch(), data.train.documents());
  EXPECT_EQ(data.report.documents + count(data, "answer-cut-away") + count(data, "drop-duplicates") + count(data, "no-answer"),
            999);
}

TEST_F(RealPrepareSamples, ToolsAndLetters) {
  ATH_NEEDS_DATA("instructions/glaive_toolcall_en_demo.json");
  folder.write("chat_template.jinja",
               std::string(testing::Golden("core_data/render").json().at("templates").at("chatml").at("plain")));
  DataOptions options;
  options.train = {testing::data_path("instructions/glaive_toolcall_en_demo.json").string(),
                   testing::data_path("instructions/alpaca_zh_demo.json").string()};
  const PreparedData data = prepare(options, 4096);
  EXPECT_EQ(data.report.documents + count(data, "answer-cut-away") + count(data, "drop-duplicates") + count(data, "no-answer"),
            1300);
  EXPECT_GE(count(data, "drop-duplicates"), 43);  // that many rows are repeated, tools and all
  EXPECT_EQ(data.chat_template, "") << "the model's own";
}

}  // namespace
}  // namespace athanor::data
