#include "athanor/core/text/tokenizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/bpe_trainer.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "tests/core/text/gguf_vocabulary.h"
#include "tests/core/text/random_text.h"
#include "tests/testing/cpu_time.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

using athanor::testing::TempFolder;
using Ids = std::vector<TokenId>;

constexpr const char* kVocab = R"({"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4, "<|endoftext|>": 5})";
constexpr const char* kMerges = "#version: 0.2\na b\nĠ ab\n";

std::string refusal_of_tokenizer(const std::filesystem::path& path) {
  try {
    load_tokenizer(path);
    return "taken";
  } catch (const base::Error& error) {
    return std::to_string(error.exit_code()) + " " + error.what();
  }
}

TEST(Tokenizer, VocabAndMergesAreGpt2s) {
  TempFolder folder;
  folder.write("vocab.json", kVocab);
  folder.write("merges.txt", kMerges);
  auto tokenizer = load_tokenizer(folder.path());
  EXPECT_EQ(tokenizer->encode("ab ab<|endoftext|>b"), (Ids{3, 4, 5, 1}));
  EXPECT_EQ(tokenizer->encode("ab<|endoftext|>", {.parse_special = false}), (Ids{3}));  // other characters have no token
  EXPECT_EQ(tokenizer->eos(), 5);
  EXPECT_EQ(tokenizer->decode(Ids{3, 4, 5}, false), "ab ab<|endoftext|>");
  EXPECT_EQ(tokenizer->decode(Ids{3, 4, 5}, true), "ab ab");
  EXPECT_EQ(tokenizer->token_bytes(4), " ab");
  EXPECT_EQ(tokenizer->id_to_token(4), "Ġab");
  EXPECT_EQ(tokenizer->id_to_token(6), "");
  EXPECT_EQ(tokenizer->token_to_id("Ġ"), 2);
  EXPECT_EQ(tokenizer->token_to_id("x"), std::nullopt);
  // the same by the file's name, also with a name before it
  std::filesystem::rename(folder / "vocab.json", folder / "my-vocab.json");
  std::filesystem::rename(folder / "merges.txt", folder / "my-merges.txt");
  EXPECT_EQ(load_tokenizer(folder / "my-vocab.json")->vocab_size(), 6);
  // and written as one file
  folder.write("tokenizer.json", tokenizer->json());
  EXPECT_EQ(load_tokenizer(folder.path())->encode("ab ab<|endoftext|>b"), (Ids{3, 4, 5, 1}));
}

TEST(Tokenizer, NamesOfSpecialTokensComeFromTheFilesBesideIt) {
  TempFolder folder;
  folder.write("vocab.json", kVocab);
  folder.write("merges.txt", kMerges);
  folder.write("special_tokens_map.json", R"({"bos_token": "a", "eos_token": {"content": "b", "lstrip": false}})");
  auto tokenizer = load_tokenizer(folder.path());
  EXPECT_EQ(tokenizer->bos(), 0);
  EXPECT_EQ(tokenizer->eos(), 1);
  folder.write("tokenizer_config.json", R"({"bos_token": null, "eos_token": "ab"})");
  EXPECT_EQ(load_tokenizer(folder.path())->bos(), 0);
  EXPECT_EQ(load_tokenizer(folder.path())->eos(), 3);
  folder.write("tokenizer_config.json", "{");
  EXPECT_EQ(refusal_of_tokenizer(folder.path()).substr(0, 25), "3 [text.tokenizer_config]");
}

TEST(Tokenizer, WhatIsNotThereIsNamed) {
  TempFolder folder;
  EXPECT_NE(refusal_of_tokenizer(folder.path()).find("2 [text.tokenizer] the folder has no tokenizer"), std::string::npos);
  EXPECT_NE(refusal_of_tokenizer(folder / "none").find("2 [text.tokenizer] no such file or folder"), std::string::npos);
  folder.write("m.gguf", "GGUF");
  EXPECT_NE(refusal_of_tokenizer(folder / "m.gguf").find("GGUF"), std::string::npos);
  folder.write("vocab.json", kVocab);
  folder.write("merges.txt", "a b\na  b\n");
  EXPECT_NE(refusal_of_tokenizer(folder.path()).find("3 [text.tokenizer_json] "), std::string::npos);
  EXPECT_NE(refusal_of_tokenizer(folder.path()).find("merges.txt: merge 2: not two tokens with one space between them"),
            std::string::npos);
  folder.write("merges.txt", "a x\n");
  EXPECT_NE(refusal_of_tokenizer(folder.path()).find("merge 1: \"x\" is not in the vocabulary"), std::string::npos);
  folder.write("vocab.json", R"({"a": 0, "b": 0})");
  EXPECT_NE(refusal_of_tokenizer(folder.path()).find("vocab.json: the id 0 occurs twice"), std::string::npos);
}

TEST(Tokenizer, AnIdOutsideTheVocabularyIsAnInputError) {
  TempFolder folder;
  folder.write("vocab.json", kVocab);
  folder.write("merges.txt", kMerges);
  auto tokenizer = load_tokenizer(folder.path());
  for (TokenId id : {6, -1, 1 << 30}) {
    try {
      tokenizer->decode(Ids{0, id});
      ADD_FAILURE() << id;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit_code(), 2);
    }
  }
}

std::unique_ptr<Tokenizer> trained_on_letters(const TempFolder& folder) {
  BpeTrainerOptions options;
  options.vocab_size = 300;
  std::string text;
  Random random(5);
  for (int i = 0; i < 4000; ++i) text += random_string(random) + "aaaaaaaaaaaa aa a\n";
  write_tokenizer_folder(train_bpe(text, options), options, folder.path());
  return load_tokenizer(folder.path());
}

TEST(Tokenizer, InvalidUtf8IsReadAsReplacementCharacters) {
  TempFolder folder;
  auto tokenizer = trained_on_letters(folder);
  std::string broken = "a\xff\xe6\x97z\xf0\x9f\x98";
  EXPECT_EQ(tokenizer->encode(broken), tokenizer->encode("a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(broken)), repair_utf8(broken));
}

TEST(Tokenizer, AWordOfAMillionLettersTakesNoTimeToSpeakOf) {
  TempFolder folder;
  auto tokenizer = trained_on_letters(folder);
  std::string text(1'000'000, 'a');
  const double start = testing::cpu_seconds();
  Ids ids = tokenizer->encode(text);
  EXPECT_LT(testing::cpu_seconds() - start, 5);
  EXPECT_LT(ids.size(), text.size() / 4);
  EXPECT_EQ(tokenizer->decode(ids), text);
}

TEST(Tokenizer, RoundTripOfRandomStringsInTextAndStream) {
  TempFolder folder;
  auto tokenizer = trained_on_letters(folder);
  Random random(17);
  for (int n = 0; n < 2000; ++n) {
    std::string text = random_string(random), streamed;
    Ids ids = tokenizer->encode(text);
    ASSERT_EQ(tokenizer->decode(ids), text);
    StreamDecoder stream(*tokenizer, false);
    for (TokenId id : ids) {
      std::string piece = stream.push(id);
      ASSERT_TRUE(is_utf8(piece));
      streamed += piece;
    }
    ASSERT_EQ(streamed + stream.finish(), text);
  }
}

TEST(Tokenizer, ManyThreadsGetTheSameIds) {
  TempFolder folder;
  auto tokenizer = trained_on_letters(folder);
  std::vector<std::string> texts;
  std::vector<Ids> expected;
  Random random(23);
  for (int n = 0; n < 300; ++n) {
    texts.push_back(random_string(random));
    expected.push_back(tokenizer->encode(texts.back()));
  }
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (size_t n = 0; n < texts.size(); ++n) wrong[t] += tokenizer->encode(texts[n]) != expected[n];
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(Tokenizer, AllThreadsGiveTheSameIds) {
  TempFolder folder;
  auto bytes = trained_on_letters(folder);
  // BPE on characters without a pre-tokenizer, unknown ones as bytes or fused
  folder.write("chars.json",
               R"({"model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": false, "vocab": {"<unk>": 5, "a": 0, "b": 1, " ": 2,
    "ab": 3, " ab": 4}, "merges": [["a", "b"], [" ", "ab"]]}})");
  auto chars = load_tokenizer(folder / "chars.json");
  std::string text;
  Random random(29);
  while (text.size() < (1 << 21)) text += random_string(random) + "ab ab xyz\nabab a";
  for (const Tokenizer* tokenizer : {bytes.get(), chars.get()})
    EXPECT_TRUE(tokenizer->encode(text, {.all_threads = true}) == tokenizer->encode(text));
}

/// A tokenizer of another kind: what the joints' defaults are for.
class Hexadecimal final : public Tokenizer {
 public:
  Ids encode(std::string_view, const EncodeOptions&) const override { return {}; }
  std::string decode(std::span<const TokenId>, bool) const override { return {}; }
  std::string token_bytes(TokenId id) const override { return std::string(1, static_cast<char>(id)); }
  std::string id_to_token(TokenId) const override { return {}; }
  std::optional<TokenId> token_to_id(std::string_view) const override { return std::nullopt; }
  bool is_special(TokenId id) const override { return id == 0; }
  int64_t vocab_size() const override { return 256; }
  std::optional<TokenId> bos() const override { return std::nullopt; }
  std::optional<TokenId> eos() const override { return std::nullopt; }
};

TEST(StreamDecoder, ByDefaultHoldsBackUnfinishedCharacters) {
  Hexadecimal tokenizer;
  StreamDecoder stream(tokenizer);
  EXPECT_EQ(stream.push('a'), "a");
  EXPECT_EQ(stream.push(0), "");
  EXPECT_EQ(stream.push(0xe7), "");
  EXPECT_EQ(stream.push(0x81), "");
  EXPECT_EQ(stream.push(0xab), "火");
  EXPECT_EQ(stream.push(0xe7), "");
  EXPECT_EQ(stream.push('b'),
            "\xef\xbf\xbd"
            "b");
  EXPECT_EQ(stream.push(0xf0), "");
  EXPECT_EQ(stream.finish(), "\xef\xbf\xbd");
  EXPECT_THROW(tokenizer.json(), base::Error);
}

std::unique_ptr<Tokenizer> real_tokenizer(const std::string& name, const TempFolder& folder) {
  if (name == "gpt2") return load_tokenizer(athanor::testing::data_path("vocab/gpt2-vocab.json"));
  if (name == "llama3")
    return tokenizer_from_gguf(read_gguf_vocabulary(athanor::testing::data_path("vocab/ggml-vocab-llama-bpe.gguf")));
  BpeTrainerOptions options;
  options.vocab_size = 16000;
  options.pattern = "llama3";
  options.special_tokens.clear();
  std::vector<std::filesystem::path> files;
  for (const char* file : {"text/c4_demo.jsonl", "text/wiki_demo.txt", "instructions/glaive_toolcall_en_demo.json"})
    files.push_back(athanor::testing::data_path(file));
  write_tokenizer_folder(train_bpe(files, options), options, folder.path());
  return load_tokenizer(folder.path());
}

TEST(RealTokenizer, IdsEqualTheLibrarysOnEveryText) {
  athanor::testing::Golden golden("core_text/real_ids");
  for (const auto& [name, files] : golden.json().items()) {
    ATH_NEEDS_DATA("vocab/gpt2-vocab.json");
    TempFolder folder;
    auto tokenizer = real_tokenizer(name, folder);
    for (const auto& [file, expected] : files.items()) {
      ATH_NEEDS_DATA(file);
      SCOPED_TRACE(name + " on " + file);
      std::string text = base::read_text_file(athanor::testing::data_path(file));
      Ids ids = tokenizer->encode(text, {.add_special_tokens = false});
      EXPECT_EQ(ids.size(), expected[0]);
      EXPECT_EQ(std::to_string(ids_hash(ids)), expected[1]);
      EXPECT_TRUE(tokenizer->decode(ids) == text);
    }
  }
}

TEST(RealTokenizer, IdsEqualTheLibrarysOnRandomStrings) {
  athanor::testing::Golden golden("core_text/random_ids");
  for (const auto& [name, hashes] : golden.json().items()) {
    ATH_NEEDS_DATA("vocab/gpt2-vocab.json");
    SCOPED_TRACE(name);
    TempFolder folder;
    auto tokenizer = real_tokenizer(name, folder);
    Random random(11);
    for (const base::Json& expected : hashes) {
      uint64_t hash = 0;
      for (int n = 0; n < 1000; ++n) hash = ids_hash(tokenizer->encode(random_string(random), {.add_special_tokens = false}), hash);
      EXPECT_EQ(std::to_string(hash), expected);
    }
  }
}

}  // namespace
}  // namespace athanor::text
