#pragma once
// A family of small tasks on four words, each of which can be said in plain words: a place (the first word, the second, the third,
// the last) and a form (once, twice, three times, in brackets). Who knows the two halves of a task can solve it without having seen
// it.
//   "Say the last word twice: old house by water\n"  ->  " water water"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "athanor/core/text/tokenizer.h"

namespace athanor::lab {

struct WordTask {
  size_t place = 0, form = 0;
  std::string instruction() const;  // "Say the last word twice:"
  bool operator==(const WordTask&) const = default;
};

inline constexpr size_t kPlaces = 4, kForms = 4;
/// Every place with every form.
std::vector<WordTask> word_tasks();

struct WordExample {
  std::string input, answer;  // " old house by water\n", " water water"
};

class WordTasks {
 public:
  /// Words of the file that are one token each (with the blank before them), the most frequent first.
  WordTasks(const std::filesystem::path& text, const text::Tokenizer& tokenizer);

  size_t words() const { return words_.size(); }
  /// Examples of four different words; a tenth of all their combinations is kept for `held_out` and is never among the others.
  std::vector<WordExample> examples(const WordTask& task, size_t count, bool held_out, uint64_t seed) const;
  /// JSON lines with prompt and completion: `count` examples, the tasks in turn; `told`: the instruction stands before the words.
  void write(const std::filesystem::path& file, const std::vector<WordTask>& tasks, size_t count, bool told, uint64_t seed) const;

 private:
  std::vector<std::string> words_;
};

}  // namespace athanor::lab
