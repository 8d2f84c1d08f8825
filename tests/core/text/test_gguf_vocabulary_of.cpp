#include "athanor/core/text/gguf_vocabulary_of.h"

#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "athanor/core/text/bpe_trainer.h"
#include "athanor/core/text/llama2c_tokenizer.h"
#include "tests/core/text/gguf_vocabulary.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

const char* const kTexts[] = {"", "Once upon a time", " two  spaces", "été 炉\n\n", "don't 1234 <s>x</s>", "<|endoftext|>"};

void expect_same_ids(const Tokenizer& one, const Tokenizer& other) {
  for (const char* text : kTexts) EXPECT_EQ(one.encode(text, {}), other.encode(text, {})) << text;
  EXPECT_EQ(one.bos(), other.bos());
  EXPECT_EQ(one.eos(), other.eos());
}

TEST(GgufVocabularyOf, ByteFallbackBecomesLlamaAndBack) {
  testing::TempFolder folder;
  convert_llama2c_tokenizer(testing::Golden("run_engine/stories260K").path() / "stories260K.tok512.bin", folder.path());
  const auto tokenizer = load_tokenizer(folder.path());
  const GgufVocabulary vocabulary = gguf_vocabulary_of(*tokenizer);
  EXPECT_EQ(vocabulary.model, "llama");
  EXPECT_EQ(vocabulary.tokens.size(), 512u);
  EXPECT_EQ(vocabulary.add_bos, true);
  EXPECT_EQ(vocabulary.add_space_prefix, true);
  EXPECT_EQ(vocabulary.unknown, 0);
  EXPECT_EQ(vocabulary.token_types[0], 2);
  EXPECT_EQ(vocabulary.token_types[1], 3);
  EXPECT_EQ(vocabulary.token_types[3], 6);  // <0x00>
  expect_same_ids(*tokenizer_from_gguf(vocabulary), *tokenizer);
}

TEST(GgufVocabularyOf, BytesBecomeGpt2AndBack) {
  testing::TempFolder folder;
  BpeTrainerOptions options;
  options.vocab_size = 300;
  write_tokenizer_folder(train_bpe("once upon a time there was a time", options), options, folder.path());
  const auto tokenizer = load_tokenizer(folder.path());
  const GgufVocabulary vocabulary = gguf_vocabulary_of(*tokenizer);
  EXPECT_EQ(vocabulary.model, "gpt2");
  EXPECT_EQ(vocabulary.pre, "gpt-2");
  EXPECT_FALSE(vocabulary.merges.empty());
  EXPECT_EQ(vocabulary.add_bos, false);
  expect_same_ids(*tokenizer_from_gguf(vocabulary), *tokenizer);
}

/// A vocabulary of the shared data, through tokenizer.json and back to lists.
void expect_round_trip(const std::string& name) {
  const GgufVocabulary vocabulary = read_gguf_vocabulary(testing::data_path(name));
  const auto tokenizer = tokenizer_from_gguf(vocabulary);
  const GgufVocabulary again = gguf_vocabulary_of(*tokenizer);
  EXPECT_EQ(again.model, vocabulary.model);
  EXPECT_EQ(again.tokens, vocabulary.tokens);
  EXPECT_EQ(again.merges, vocabulary.merges);
  expect_same_ids(*tokenizer_from_gguf(again), *tokenizer);
}

TEST(RealGgufVocabularyOf, ListsComeBack) {
  for (const char* name : {"vocab/ggml-vocab-gpt-2.gguf", "vocab/ggml-vocab-llama-bpe.gguf", "vocab/ggml-vocab-starcoder.gguf"}) {
    ATH_NEEDS_DATA(name);
    SCOPED_TRACE(name);
    expect_round_trip(name);
  }
}

}  // namespace
}  // namespace athanor::text
