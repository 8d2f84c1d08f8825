#include "lab/instruction-tuning/word_tasks.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/bpe_trainer.h"
#include "tests/testing/temp_folder.h"

namespace athanor::lab {
namespace {

/// A text of ten words, and a tokenizer that has them.
WordTasks ten_words(const testing::TempFolder& folder) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "the old house by that water and this stone river ";
  folder.write("text.txt", text);
  text::BpeTrainerOptions options;
  options.vocab_size = 320;
  text::write_tokenizer_folder(text::train_bpe({folder / "text.txt"}, options), options, folder / "tokenizer");
  return {folder / "text.txt", *text::load_tokenizer(folder / "tokenizer")};
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

TEST(WordTasks, AnswersAreTheWordInTheForm) {
  const testing::TempFolder folder;
  const WordTasks tasks = ten_words(folder);
  EXPECT_EQ(tasks.words(), 10u);
  EXPECT_EQ(word_tasks().size(), kPlaces * kForms);
  EXPECT_EQ((WordTask{3, 1}).instruction(), "Say the last word twice:");
  for (const WordTask& task : word_tasks())
    for (const WordExample& example : tasks.examples(task, 20, false, 1)) {
      const std::string word = words_of(example.input).at(task.place);
      const std::string answers[kForms] = {" " + word, " " + word + " " + word, " " + word + " " + word + " " + word,
                                           " ( " + word + " )"};
      EXPECT_EQ(example.answer, answers[task.form]) << task.instruction() << example.input;
    }
}

TEST(WordTasks, WhatIsAskedWasNeverLearned) {
  const testing::TempFolder folder;
  const WordTasks tasks = ten_words(folder);
  std::set<std::string> learned;
  for (uint64_t seed = 0; seed < 3; ++seed)
    for (const WordExample& example : tasks.examples({0, 0}, 500, false, seed)) learned.insert(example.input);
  EXPECT_GT(learned.size(), 900u);
  for (const WordTask& task : word_tasks())
    for (const WordExample& example : tasks.examples(task, 50, true, 0))
      EXPECT_FALSE(learned.contains(example.input)) << example.input;
}

TEST(WordTasks, AreWrittenInTurnAndToldOrNot) {
  const testing::TempFolder folder;
  const WordTasks tasks = ten_words(folder);
  const std::vector<WordTask> two = {{0, 0}, {2, 3}};
  for (const bool told : {true, false}) {
    tasks.write(folder / "rows.jsonl", two, 5, told, 7);
    std::istringstream lines(base::read_text_file(folder / "rows.jsonl"));
    std::string line;
    for (size_t i = 0; i < 5; ++i) {
      ASSERT_TRUE(std::getline(lines, line));
      const base::Json row = base::parse_json(line, "test", "rows.jsonl");
      const WordExample expected = tasks.examples(two[i % 2], 3, false, 7).at(i / 2);
      EXPECT_EQ(row["prompt"], (told ? two[i % 2].instruction() : "") + expected.input);
      EXPECT_EQ(row["completion"], expected.answer);
    }
    EXPECT_FALSE(std::getline(lines, line));
  }
  folder.write("few.txt", "the old house");
  EXPECT_THROW(WordTasks(folder / "few.txt", *text::load_tokenizer(folder / "tokenizer")), base::Error);
}

}  // namespace
}  // namespace athanor::lab
