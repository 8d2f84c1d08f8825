#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "athanor/core/data/document_survey.h"
#include "athanor/core/data/prepare.h"
#include "tests/core/data/byte_tokenizer.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

std::vector<std::string> documents(const TokenShard& shard) {
  std::vector<std::string> texts;
  for (int64_t d = 0; d < shard.documents(); ++d) {
    std::vector<int32_t> ids(static_cast<size_t>(shard.document_tokens(d)));
    shard.copy(d, 0, shard.document_tokens(d), ids.data());
    texts.push_back(ByteTokenizer().decode(ids, false));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Prepare, FilesBecomeShards) {
  const testing::TempFolder folder;
  DataOptions options;
  options.train = {folder.write("a.txt", "one\r\ntwo"),
                   folder.write("b.jsonl", "{\"text\": \"x\"}\n{\"text\": \"x\"}\n{\"text\": \" \"}\n")};
  options.eval = {folder.write("c.txt", "held\r\nout")};
  const PreparedData data = prepare_data(options, ByteTokenizer(), 5, folder / "data");
  EXPECT_EQ(documents(data.train), (Texts{"one\ntwo", "x"}));
  EXPECT_EQ(documents(*data.eval), (Texts{"held\nout"}));
  EXPECT_EQ(data.eval->text_bytes(), 8);
  EXPECT_EQ(data.report.documents, 2);
  EXPECT_EQ(data.report.bytes, 8);
  EXPECT_FALSE(data.reused);
  for (const auto& [step, count] : data.report.cleaning)
    EXPECT_EQ(count, step == "newlines" || step.starts_with("drop") ? 1 : 0) << step;
}

TEST(Prepare, ShardsAreReusedOnlyWhereNothingChanged) {
  const testing::TempFolder folder;
  DataOptions options;
  options.train = {folder.write("a.txt", "text one")};
  const auto prepare = [&](uint64_t tokenizer = 5) { return prepare_data(options, ByteTokenizer(), tokenizer, folder / "data"); };
  const PreparedData first = prepare();
  const PreparedData again = prepare();
  EXPECT_TRUE(again.reused);
  EXPECT_EQ(again.key, first.key);
  EXPECT_EQ(again.report.cleaning, first.report.cleaning);
  options.cross_documents = true;
  EXPECT_TRUE(prepare().reused);
  EXPECT_NE(prepare(6).key, first.key);
  options.clean.newlines = false;
  EXPECT_FALSE(prepare().reused);
  options.clean.newlines = true;
  folder.write("a.txt", "text two");
  EXPECT_NE(prepare().key, first.key);
}

TEST(Prepare, TheReportKeepsWhatWasRemoved) {
  const testing::TempFolder folder;
  DataOptions options;
  options.train = {folder.write("b.jsonl", "{\"text\": \"x\\r\\ny\"}\n{\"text\": \"z\"}\n{\"text\": \"z\"}\n")};
  for (bool reused : {false, true}) {
    const PreparedData data = prepare_data(options, ByteTokenizer(), 5, folder / "data");
    EXPECT_EQ(data.reused, reused);
    EXPECT_EQ(data.report.removed, (std::vector<StepReport>{{"newlines", 1, 1, {"\\r"}}, {"drop-duplicates", 1, 1, {"z"}}}));
  }
}

TEST(Prepare, RowsAreReadInOrderAndTheFirstMistakeIsTheOneThatIsTold) {
  const testing::TempFolder folder;
  DataOptions options;
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += "{\"text\": \"" + std::to_string(i) + "\"}\n";
  options.train = {folder.write("a.jsonl", rows)};
  const PreparedData data = prepare_data(options, ByteTokenizer(), 5, folder / "data");
  ASSERT_EQ(data.train.documents(), 3000);
  const Texts texts = documents(data.train);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(texts[static_cast<size_t>(i)], std::to_string(i));
  rows += "{\"txt\": 1}\n{bad\n";
  options.train = {folder.write("b.jsonl", rows)};
  try {
    prepare_data(options, ByteTokenizer(), 5, folder / "data");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("b.jsonl:3001: no key"), std::string::npos) << error.what();
  }
}

TEST(Prepare, DocumentsAreSurveyed) {
  const testing::TempFolder folder;
  DataOptions options;
  options.separator = "|";
  options.train = {folder.write("a.txt", "one|two|two|three three| ")};
  const DocumentSurvey survey = survey_documents(options, ByteTokenizer(), 3);
  EXPECT_EQ(survey.read, 5);
  EXPECT_EQ(survey.documents, 3);
  EXPECT_EQ(survey.bytes, 3 + 3 + 11);
  EXPECT_EQ(survey.tokens, 17);
  EXPECT_EQ(survey.longest, 11);
  EXPECT_EQ(survey.shown, "three three");
  for (const StepReport& step : survey.cleaning)
    EXPECT_EQ(step.count, step.step == "drop-empty" || step.step == "drop-duplicates" ? 1 : 0) << step.step;
}

TEST(Prepare, ABrokenShardIsMadeAgain) {
  const testing::TempFolder folder;
  DataOptions options;
  options.train = {folder.write("a.txt", "text one")};
  prepare_data(options, ByteTokenizer(), 5, folder / "data");
  for (const auto& entry : std::filesystem::directory_iterator(folder / "data"))
    if (entry.path().extension() == ".tokens") std::filesystem::resize_file(entry.path(), 70);
  const PreparedData data = prepare_data(options, ByteTokenizer(), 5, folder / "data");
  EXPECT_FALSE(data.reused);
  EXPECT_EQ(documents(data.train), Texts{"text one"});
}

TEST(Prepare, HoldoutCutsOneTextAtACharacter) {
  const testing::TempFolder folder;
  DataOptions options;
  options.holdout = 0.5;
  options.train = {folder.write("a.txt", "ab\xE6\xB1\x89yz!")};  // byte 4 of 8 is inside the third character
  const PreparedData data = prepare_data(options, ByteTokenizer(), 5, folder / "data");
  EXPECT_EQ(documents(data.train), Texts{"ab"});
  EXPECT_EQ(documents(*data.eval), Texts{"\xE6\xB1\x89yz!"});
}

TEST(Prepare, HoldoutTakesTheLastDocumentsOfEachFile) {
  const testing::TempFolder folder;
  DataOptions options;
  options.holdout = 0.4, options.separator = "|";
  options.train = {folder.write("a.txt", "aa|bb|cc|dd|ee"), folder.write("b.txt", "123456|7890")};
  const PreparedData data = prepare_data(options, ByteTokenizer(), 5, folder / "data");
  EXPECT_EQ(documents(data.train), (Texts{"aa", "bb", "cc", "123456"}));
  EXPECT_EQ(documents(*data.eval), (Texts{"dd", "ee", "7890"}));
}

TEST(Prepare, TenPercentOfATextIsItsLastTenPercent) {
  const testing::TempFolder folder;
  DataOptions options;
  options.holdout = 0.1;
  options.train = {folder.write("a.txt", std::string(1115394, 'x'))};
  const PreparedData data = prepare_data(options, ByteTokenizer(), 5, folder / "data");
  EXPECT_EQ(data.train.text_bytes(), 1003854);
  EXPECT_EQ(data.eval->text_bytes(), 111540);
}

void expect_error(const DataOptions& options, const testing::TempFolder& folder, int exit_code, const char* text) {
  try {
    prepare_data(options, ByteTokenizer(), 5, folder / "data");
    FAIL() << text;
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), exit_code);
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
  }
}

TEST(Prepare, MistakesAreNamed) {
  const testing::TempFolder folder;
  DataOptions options;
  expect_error(options, folder, 2, "no training data");
  options.train = {(folder / "missing.txt").string()};
  expect_error(options, folder, 3, "missing.txt");
  options.train = {folder.write("blank.txt", " \n")};
  expect_error(options, folder, 2, "hold no document");
  options.train = {folder.write("a.txt", "text")};
  options.eval = options.train, options.holdout = 0.1;
  expect_error(options, folder, 2, "both set");
  options.holdout = 0, options.eval = {folder.write("empty.txt", "")};
  expect_error(options, folder, 2, "held-out part holds no document");
  EXPECT_EQ(folder.listing().find(".tmp"), std::string::npos);
}

TEST(Prepare, TheTokenizersFilesMakeItsHash) {
  const testing::TempFolder folder;
  folder.write("t/tokenizer.json", "{}");
  const uint64_t before = tokenizer_hash(folder / "t");
  EXPECT_EQ(tokenizer_hash(folder / "t"), before);
  folder.write("t/README.md", "x");
  EXPECT_EQ(tokenizer_hash(folder / "t"), before);
  folder.write("t/tokenizer_config.json", "{}");
  EXPECT_NE(tokenizer_hash(folder / "t"), before);
}

}  // namespace
}  // namespace athanor::data
