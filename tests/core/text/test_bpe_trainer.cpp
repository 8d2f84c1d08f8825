#include "athanor/core/text/bpe_trainer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/options.h"
#include "athanor/core/base/threads.h"
#include "tests/core/text/random_text.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::text {
namespace {

using testing::TempFolder;

std::vector<std::string> spelled_merges(const BpeTrainingResult& result) {
  std::vector<std::string> merges;
  for (auto [left, right] : result.merges)
    merges.push_back(result.tokens[static_cast<size_t>(left)] + " " + result.tokens[static_cast<size_t>(right)]);
  return merges;
}

TEST(BpeTrainer, MergesEqualTheLibrarys) {
  testing::Golden golden("core_text/training");
  auto corpus = golden.json()["corpus"].get<std::string>();
  for (const base::Json& one : golden.json()["trainings"]) {
    SCOPED_TRACE(one["pattern"].get<std::string>() + " " + one["options"].dump());
    BpeTrainerOptions options;
    options.pattern = one["pattern"];
    options.vocab_size = one["options"]["vocab_size"];
    options.min_frequency = one["options"].value("min_frequency", 0);
    options.max_token_length = one["options"].value("max_token_length", 0);
    options.special_tokens = {"<|endoftext|>", "fire"};
    BpeTrainingResult result = train_bpe(corpus, options);
    EXPECT_EQ(result.bytes, corpus.size());
    ASSERT_EQ(result.tokens.size(), one["size"]);
    EXPECT_EQ(std::vector(result.tokens.begin() + 258, result.tokens.end()), one["tokens"].get<std::vector<std::string>>());
    EXPECT_EQ(spelled_merges(result), one["merges"].get<std::vector<std::string>>());
  }
}

TEST(BpeTrainer, ResultDoesNotDependOnThreads) {
  TempFolder folder;
  Random random(3);
  std::string text;
  while (text.size() < (size_t{5} << 19)) text += random_string(random) + "\n";
  auto file = folder.write("text.txt", text);
  BpeTrainerOptions options;
  options.vocab_size = 600;
  int before = base::thread_count();
  std::vector<std::string> merges[3];
  int threads[] = {1, 2, 5};
  for (int i = 0; i < 3; ++i) {
    base::set_thread_count(threads[i]);
    merges[i] = spelled_merges(train_bpe({file}, options));
  }
  base::set_thread_count(before);
  EXPECT_EQ(merges[0], merges[1]);
  EXPECT_EQ(merges[0], merges[2]);
}

TEST(BpeTrainer, WrittenFolderEncodesAndNamesItsTokens) {
  TempFolder folder;
  std::string text;
  for (int i = 0; i < 50; ++i) text += "the fire is lit, the fire burns\r\n火\n";
  for (const char* pattern : {"gpt2", "cl100k", "llama3", "qwen2", "o200k"}) {
    BpeTrainerOptions options;
    options.vocab_size = 270;
    options.pattern = pattern;
    options.special_tokens = {"<|endoftext|>", "<pad>"};
    write_tokenizer_folder(train_bpe(text, options), options, folder / pattern);
    auto tokenizer = load_tokenizer(folder / pattern);
    EXPECT_EQ(tokenizer->vocab_size(), 270);
    EXPECT_EQ(tokenizer->bos(), 0);
    EXPECT_EQ(tokenizer->eos(), 0);
    EXPECT_TRUE(tokenizer->is_special(1));
    std::vector<TokenId> ids = tokenizer->encode(text + "<pad>");
    EXPECT_EQ(ids.back(), 1);
    EXPECT_LT(ids.size(), text.size() * 2 / 3);
    EXPECT_EQ(tokenizer->decode(ids, true), text);
  }
  EXPECT_NE(folder.listing().find("special_tokens_map.json"), std::string::npos);
}

std::string refusal_of_bpe_trainer(const std::vector<std::filesystem::path>& files, const BpeTrainerOptions& options) {
  try {
    train_bpe(files, options);
    return "taken";
  } catch (const base::Error& error) {
    return std::to_string(error.exit_code()) + " " + error.what();
  }
}

TEST(BpeTrainer, RefusesWhatItCannotTrainOn) {
  TempFolder folder;
  auto good = folder.write("good.txt", "hello hello\n"), bad = folder.write("bad.txt", "fine\n\xff\xfe\n"),
       empty = folder.write("empty.txt", "");
  BpeTrainerOptions options;
  EXPECT_NE(refusal_of_bpe_trainer({}, options).find("2 [text.train] no files"), std::string::npos);
  EXPECT_NE(refusal_of_bpe_trainer({bad}, options).find("bad.txt is not UTF-8; got a bad byte at offset 5"), std::string::npos)
      << refusal_of_bpe_trainer({bad}, options);
  EXPECT_NE(refusal_of_bpe_trainer({empty}, options).find("2 [text.train] the files are empty"), std::string::npos);
  EXPECT_EQ(refusal_of_bpe_trainer({folder / "missing.txt"}, options).substr(0, 2), "3 ");
  options.vocab_size = 256;
  EXPECT_NE(refusal_of_bpe_trainer({good}, options).find("vocab_size is too small; got 256; expected at least 257"),
            std::string::npos);
  options.vocab_size = 300;
  options.pattern = "gpt3";
  EXPECT_NE(refusal_of_bpe_trainer({good}, options).find("try gpt2"), std::string::npos) << refusal_of_bpe_trainer({good}, options);
}

TEST(BpeTrainer, OptionsAreListed) {
  BpeTrainerOptions options;
  std::string help = base::options_help(base::visit_of(options));
  for (const char* name : {"vocab_size", "min_frequency", "special_tokens", "pattern", "max_token_length"})
    EXPECT_NE(help.find(name), std::string::npos);
}

TEST(RealBpeTrainer, MergesEqualTheLibrarysOnRealText) {
  testing::Golden golden("core_text/real_training");
  for (const base::Json& one : golden.json()["trainings"]) {
    std::vector<std::filesystem::path> files;
    for (const base::Json& file : one["files"]) {
      ATH_NEEDS_DATA(file.get<std::string>());
      files.push_back(testing::data_path(file.get<std::string>()));
    }
    SCOPED_TRACE(one.dump());
    BpeTrainerOptions options;
    options.pattern = one["pattern"];
    options.vocab_size = one["vocab_size"];
    options.special_tokens.clear();
    TempFolder folder;
    if (one["crlf"].get<bool>()) {
      std::string text = base::read_text_file(files[0]), crlf;
      for (char c : text) crlf += c == '\n' ? "\r\n" : std::string(1, c);
      files = {folder.write("crlf.txt", crlf)};
    }
    BpeTrainingResult result = train_bpe(files, options);
    std::vector<TokenId> flat;
    for (auto [left, right] : result.merges) flat.push_back(left), flat.push_back(right);
    EXPECT_EQ(result.merges.size(), one["merges"]);
    EXPECT_EQ(std::to_string(ids_hash(flat)), one["hash"]);
  }
}

}  // namespace
}  // namespace athanor::text
