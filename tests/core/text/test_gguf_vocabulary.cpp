#include "athanor/core/text/gguf_vocabulary.h"

#include <gtest/gtest.h>

#include <cmath>

#include <sstream>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "tests/core/text/gguf_vocabulary.h"
#include "tests/testing/data.h"

namespace athanor::text {
namespace {

using Ids = std::vector<TokenId>;

GgufVocabulary small(const std::string& model) {
  GgufVocabulary v;
  v.model = model;
  if (model == "gpt2") {
    v.pre = "gpt-2";
    v.tokens = {"<|end|>", "a", "b", "Ġ", "ab", "Ġab"};
    v.token_types = {3, 1, 1, 1, 1, 1};
    v.merges = {"a b", "Ġ ab"};
    v.bos = v.eos = 0;
  } else if (model == "llama") {
    v.tokens = {"<unk>", "<s>", "</s>", "▁", "a", "aa", "aaa", "▁aa"};
    v.scores = {0, 0, 0, -3, -2, -5, -6, -7};
    v.token_types = {2, 3, 3, 1, 1, 1, 1, 1};
    v.bos = 1, v.eos = 2, v.unknown = 0;
  } else {
    v.tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁a", "b", "▁,"};
    v.token_types = {3, 2, 3, 3, 1, 1, 1};
    v.bos = 2, v.separator = 3, v.unknown = 1;
  }
  return v;
}

std::string refusal_of_gguf_vocabulary(const GgufVocabulary& v) {
  try {
    tokenizer_from_gguf(v, "m.gguf");
    return "taken";
  } catch (const base::Error& error) {
    return std::to_string(error.exit_code()) + " " + error.what();
  }
}

TEST(GgufVocabulary, Gpt2KindMergesBytes) {
  auto tokenizer = tokenizer_from_gguf(small("gpt2"));
  EXPECT_EQ(tokenizer->encode("ab ab<|end|>b", {}), (Ids{4, 5, 0, 2}));
  EXPECT_EQ(tokenizer->eos(), 0);
  EXPECT_EQ(tokenizer->decode(Ids{4, 5, 0}, true), "ab ab");
  GgufVocabulary v = small("gpt2");
  v.add_bos = v.add_eos = true;
  EXPECT_EQ(tokenizer_from_gguf(v)->encode("ab", {}), (Ids{0, 4, 0}));
}

/// Pieces of one score merge from the left, which merges by rank would not do: "aa" + "a" comes before "a" + "aa" there.
TEST(GgufVocabulary, LlamaKindMergesByScore) {
  auto tokenizer = tokenizer_from_gguf(small("llama"));
  EXPECT_EQ(tokenizer->encode("aaaa", {}), (Ids{1, 7, 5}));
  EXPECT_EQ(tokenizer->decode(Ids{1, 7, 5}, true), "aaaa");
  GgufVocabulary v = small("llama");
  v.add_space_prefix = v.add_bos = false;
  EXPECT_EQ(tokenizer_from_gguf(v)->encode("aa", {}), Ids{5});
  auto again = parse_tokenizer_json(tokenizer->json(), "written");
  EXPECT_EQ(again->encode("a aa", {}), tokenizer->encode("a aa", {}));
}

TEST(GgufVocabulary, MistakesAreNamed) {
  GgufVocabulary v = small("gpt2");
  v.model = "magic";
  EXPECT_EQ(refusal_of_gguf_vocabulary(v).substr(0, 73),
            "3 [text.gguf_vocabulary] m.gguf: tokenizer.ggml.model is not supported; g");
  v = small("gpt2");
  v.pre = "unheard-of";
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("tokenizer.ggml.pre is not known"), std::string::npos);
  v = small("gpt2");
  v.merges.push_back("a x");
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("merge 3: \"x\" is not in the vocabulary"), std::string::npos)
      << refusal_of_gguf_vocabulary(v);
  v.merges.back() = "ab";
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("merge 3: not two tokens"), std::string::npos);
  v = small("gpt2");
  v.tokens[1] = "b";
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("token 2 occurs twice"), std::string::npos);
  v.tokens[1] = "\xff";
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("token 1 is not UTF-8"), std::string::npos);
  v = small("gpt2");
  v.eos = 6;
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("special token is not in the vocabulary; got 6"), std::string::npos)
      << refusal_of_gguf_vocabulary(v);
  v = small("gpt2");
  v.token_types.pop_back();
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("differ in length"), std::string::npos);
  v = small("llama");
  v.scores[4] = NAN;
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("the score of token 4 is not finite"), std::string::npos);
  v.scores.pop_back();
  EXPECT_NE(refusal_of_gguf_vocabulary(v).find("differ in length"), std::string::npos);
  EXPECT_NE(refusal_of_gguf_vocabulary({}).find("is empty"), std::string::npos);
}

/// The pairs of llama.cpp: texts in .inp, their ids in .out, one line each.
void expect_pairs_equal(const std::string& name) {
  std::string file = "vocab/ggml-vocab-" + name + ".gguf";
  auto tokenizer = tokenizer_from_gguf(read_gguf_vocabulary(athanor::testing::data_path(file)), name);
  std::string texts = base::read_text_file(athanor::testing::data_path(file + ".inp"));
  std::istringstream lines(base::read_text_file(athanor::testing::data_path(file + ".out")));
  constexpr std::string_view kBorder = "\n__ggml_vocab_test__\n";
  std::string line;
  int count = 0;
  for (size_t begin = 0; begin <= texts.size() && std::getline(lines, line); ++count) {
    size_t end = std::min(texts.find(kBorder, begin), texts.size());
    std::istringstream numbers(line);
    Ids expected((std::istream_iterator<TokenId>(numbers)), {});
    std::string text = texts.substr(begin, end - begin);
    EXPECT_EQ(tokenizer->encode(text, {.add_special_tokens = false, .parse_special = false}), expected) << name << ": " << text;
    begin = end + kBorder.size();
  }
  EXPECT_GE(count, 40);
}

TEST(RealGgufVocabulary, IdsEqualLlamaCpps) {
  for (const char* name : {"gpt-2", "llama-bpe", "starcoder", "deepseek-coder", "llama-spm", "phi-3", "bert-bge"}) {
    ATH_NEEDS_DATA(std::string("vocab/ggml-vocab-") + name + ".gguf");
    expect_pairs_equal(name);
  }
}

}  // namespace
}  // namespace athanor::text
