#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "athanor/core/data/sample_survey.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

class Surveys : public ::testing::Test {
 protected:
  Survey survey(const char* name, const char* contents, int64_t length = 64, int64_t sample = 1, int64_t limit = 0) {
    SurveyOptions options;
    options.data.train = {folder.write(name, contents)};
    options.sample = sample, options.limit = limit;
    return survey_samples(options, {*tokenizer, 0, folder.path(), length});
  }
  testing::TempFolder folder;
  std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer(testing::Golden("core_data/render").path() / "byte-level");
};

TEST_F(Surveys, WhatIsCutAndDropped) {
  const Survey s =
      survey("a.jsonl",
             "{\"prompt\": \"12\", \"completion\": \"3\"}\n{\"prompt\": \"12\", \"completion\": \"3\"}\n"
             "{\"prompt\": \"1234567890\", \"completion\": \"{{me}}\"}\n{\"prompt\": \"1\", \"completion\": \"2345678\"}\n"
             "{\"prompt\": \"5\", \"completion\": \"\"}\n",
             6, 3);
  ASSERT_EQ(s.files.size(), 1u);
  EXPECT_STREQ(s.files[0].format, "jsonl");
  EXPECT_STREQ(s.files[0].form, "prompt-completion");
  EXPECT_EQ(s.files[0].rows, 5);
  EXPECT_TRUE(s.files[0].whole);
  EXPECT_EQ(s.duplicates, 1);
  EXPECT_EQ(s.lengths.size(), 4u);
  EXPECT_EQ(s.answer_cut_away, 1);
  EXPECT_EQ(s.cut, 1);
  EXPECT_EQ(s.no_answer, 1);
  EXPECT_EQ(s.unfilled, std::set<std::string>{"me"});
  ASSERT_EQ(s.shown.size(), 1u);
  EXPECT_EQ(tokenizer->decode(s.shown[0].ids, false), "1234567890{{me}}</s>");
}

TEST_F(Surveys, PreferencesShowBothEndsAndLabelsAreCounted) {
  folder.write("chat_template.jinja", "{% for m in messages %}{{ m.content + eos_token }}{% endfor %}");
  folder.write("tokenizer_config.json", R"({"eos_token": "</s>"})");
  const Survey pair = survey("p.jsonl", "{\"prompt\": \"q\", \"chosen\": \"good\", \"rejected\": \"bad\"}");
  EXPECT_EQ(pair.shown.size(), 2u);
  const Survey labels = survey("l.csv", "text,label\na,x\nb,y\nc,x\n", 64, 1, 2);
  EXPECT_EQ(labels.labels, (std::map<std::string, int64_t>{{"x", 1}, {"y", 1}}));
  EXPECT_FALSE(labels.files[0].whole);
}

TEST_F(Surveys, ManyRowsAreSurveyedInOrder) {
  std::string rows;
  for (int i = 0; i < 500; ++i) rows += "{\"prompt\": \"" + std::to_string(i % 400) + "\\r\", \"completion\": \"y\"}\n";
  const Survey s = survey("m.jsonl", rows.c_str(), 64, 450);
  EXPECT_EQ(s.lengths.size(), 400u);
  EXPECT_EQ(s.duplicates, 100);
  ASSERT_EQ(s.cleaning.size(), 2u);
  EXPECT_EQ(s.cleaning[0], (StepReport{"newlines", 500, 0, {"\\r", "\\r", "\\r"}}));
  EXPECT_EQ(s.cleaning[1].step, "drop-duplicates");
  EXPECT_EQ(s.cleaning[1].examples, (std::vector<std::string>{"0\\n\\ny", "1\\n\\ny", "2\\n\\ny"}));
  ASSERT_EQ(s.shown.size(), 1u) << "a copy is shown where it is asked for";
  EXPECT_EQ(tokenizer->decode(s.shown[0].ids, false), "49\ny</s>");
}

TEST_F(Surveys, TheTemplateOfAModelsFileIsTaken) {
  SurveyOptions options;
  options.data.train = {folder.write("a.jsonl", "{\"prompt\": \"q\", \"completion\": \"a\"}\n")};
  SampleContext context{*tokenizer, 0, folder / "model.gguf", 64, "{% for m in messages %}<{{ m.content }}>{% endfor %}"};
  const Survey s = survey_samples(options, context);
  EXPECT_EQ(s.chat_template, "the model's chat template");
  EXPECT_EQ(tokenizer->decode(s.shown[0].ids, false), "<q><a></s>");
}

TEST(StartHint, NamesTheNumbersAndTheSource) {
  EXPECT_NE(start_hint(91).find("91 samples: below 10,000 a chat model"), std::string::npos);
  EXPECT_NE(start_hint(10'000).find("it is open"), std::string::npos);
  EXPECT_NE(start_hint(100'000).find("a base model"), std::string::npos);
  EXPECT_NE(start_hint(1).find("rule of thumb"), std::string::npos);
}

}  // namespace
}  // namespace athanor::data
