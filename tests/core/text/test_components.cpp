// Every component against the `tokenizers` library: goldens core_text/components and core_text/word_components.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/text/catalog.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "tests/testing/golden.h"

namespace athanor::text {

namespace {

using base::Json;
using Ids = std::vector<TokenId>;

struct GoldenTokenizer {
  std::string name;
  Json json, document;
  std::unique_ptr<Pipeline> tokenizer;
};

std::string document_of(const Json& models, const Json& golden) {
  Json document = golden["document"];
  Json model = models[golden["model"].get<std::string>()];
  model.update(golden["model_options"]);
  document["model"] = model;
  return document.dump();
}

class Components : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (const char* name : {"core_text/components", "core_text/word_components"}) {
      testing::Golden golden(name);
      for (const Json& one : golden.json()["tokenizers"]) {
        std::string document = document_of(golden.json()["models"], one);
        tokenizers_.push_back({one["name"], one, Json::parse(document), parse_tokenizer_json(document, "golden")});
      }
    }
  }
  static void TearDownTestSuite() { tokenizers_.clear(); }
  static std::vector<GoldenTokenizer> tokenizers_;
};

std::vector<GoldenTokenizer> Components::tokenizers_;

void expect_ids_equal(const Pipeline& tokenizer, const Json& golden) {
  for (const Json& one : golden["cases"]) {
    auto text = one["text"].get<std::string>();
    SCOPED_TRACE(text);
    Ids ids = one["ids"].get<Ids>();
    EXPECT_EQ(tokenizer.encode(text, {}), ids);
    EXPECT_EQ(tokenizer.encode(text, {.add_special_tokens = false}), one.value("bare", ids));
    EXPECT_EQ(tokenizer.encode(text, {.add_special_tokens = false, .parse_special = false}), one.value("plain", ids));
  }
}

TEST_F(Components, IdsEqualTheLibrarys) {
  for (const GoldenTokenizer& one : tokenizers_) {
    SCOPED_TRACE(one.name);
    expect_ids_equal(*one.tokenizer, one.json);
  }
}

TEST_F(Components, TextEqualsTheLibrarys) {
  for (const GoldenTokenizer& one : tokenizers_) {
    for (const Json& decoding : one.json["decodings"]) {
      SCOPED_TRACE(one.name + " " + decoding["ids"].dump());
      Ids ids = decoding["ids"].get<Ids>();
      EXPECT_EQ(one.tokenizer->decode(ids, false), decoding["text"]);
      EXPECT_EQ(one.tokenizer->decode(ids, true), decoding["skipped"]);
    }
  }
}

TEST_F(Components, AStreamIsTheTextInWholeCharacters) {
  for (const GoldenTokenizer& one : tokenizers_) {
    for (const Json& decoding : one.json["decodings"]) {
      SCOPED_TRACE(one.name + " " + decoding["ids"].dump());
      StreamDecoder stream(*one.tokenizer, false);
      std::string text;
      for (const Json& id : decoding["ids"]) {
        std::string piece = stream.push(id.get<TokenId>());
        EXPECT_TRUE(is_utf8(piece));
        text += piece;
      }
      std::string last = stream.finish();
      EXPECT_TRUE(is_utf8(last));
      EXPECT_EQ(text + last, decoding["text"]);
    }
  }
}

TEST_F(Components, WrittenTokenizersReadAsTheSame) {
  for (const GoldenTokenizer& one : tokenizers_) {
    SCOPED_TRACE(one.name);
    std::string written = one.tokenizer->json();
    auto again = parse_tokenizer_json(written, "written");
    expect_ids_equal(*again, one.json);
    EXPECT_EQ(again->json(), written);
    Json before = one.document, after = Json::parse(written);
    before.erase("model"), after.erase("model");
    EXPECT_EQ(before, after);
  }
}

/// All "type" members below a value.
void collect_types(const Json& json, std::set<std::string>& types) {
  if (json.is_object() && json.contains("type")) types.insert(json["type"].get<std::string>());
  if (json.is_structured())
    for (const Json& child : json) collect_types(child, types);
}

TEST_F(Components, TheGoldenHasEveryRow) {
  std::set<std::string> types[4];
  const char* members[] = {"normalizer", "pre_tokenizer", "post_processor", "decoder"};
  for (const GoldenTokenizer& one : tokenizers_)
    for (int i = 0; i < 4; ++i) collect_types(one.json["document"][members[i]], types[i]);
  for (const NormalizerRow& row : normalizers()) EXPECT_TRUE(types[0].contains(std::string(row.type))) << row.name;
  for (const PreTokenizerRow& row : pre_tokenizers()) EXPECT_TRUE(types[1].contains(std::string(row.type))) << row.name;
  for (const PostProcessorRow& row : post_processors()) EXPECT_TRUE(types[2].contains(std::string(row.type))) << row.name;
  for (const DecoderRow& row : decoders()) EXPECT_TRUE(types[3].contains(std::string(row.type))) << row.name;
}

TEST(TextCatalog, ShelvesAndNames) {
  std::vector<std::pair<std::string, std::vector<std::string>>> expected = {
      {"tokenizers/normalizers",
       {"nfc", "nfd", "nfkc", "nfkd", "prepend", "replace", "lowercase", "bert", "strip", "strip-accents", "nmt", "precompiled",
        "byte-level", "sequence"}},
      {"tokenizers/pre_tokenizers",
       {"byte-level", "split", "digits", "metaspace", "bert", "whitespace", "whitespace-split", "char-delimiter-split",
        "punctuation", "fixed-length", "unicode-scripts", "sequence"}},
      {"tokenizers/models", {"bpe", "unigram", "word-piece", "word-level"}},
      {"tokenizers/post_processors", {"byte-level", "template-processing", "bert-processing", "roberta-processing", "sequence"}},
      {"tokenizers/decoders",
       {"byte-level", "byte-fallback", "fuse", "strip", "replace", "metaspace", "word-piece", "ctc", "bpe-decoder", "sequence"}},
      {"tokenizers/scanners", {"gpt2", "cl100k", "qwen2", "o200k"}},
  };
  std::vector<base::Shelf> found = shelves();
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].shelf, expected[i].first);
    std::vector<std::string> names;
    for (const base::Entry& entry : found[i].entries) names.emplace_back(entry.name);
    EXPECT_EQ(names, expected[i].second);
  }
}

}  // namespace
}  // namespace athanor::text
