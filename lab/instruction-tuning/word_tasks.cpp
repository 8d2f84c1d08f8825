#include "lab/instruction-tuning/word_tasks.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/philox.h"

namespace athanor::lab {
namespace {

constexpr const char* kPlaceNames[kPlaces] = {"first", "second", "third", "last"};
constexpr const char* kFormNames[kForms] = {"once", "twice", "three times", "in brackets"};
constexpr size_t kMostWords = 40, kLeastWords = 8, kShortest = 2;  // kShortest: letters of a word

std::string said(const std::string& word, size_t form) {
  if (form == kForms - 1) return base::cat(" ( ", word, " )");
  std::string out;
  for (size_t i = 0; i <= form; ++i) out += " " + word;
  return out;
}

/// Words of small letters, with how often they occur.
std::map<std::string, int64_t> count_words(const std::string& text) {
  std::map<std::string, int64_t> counts;
  std::string word;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    if (c >= 'a' && c <= 'z') {
      word += c;
      continue;
    }
    if (word.size() >= kShortest && c == ' ') ++counts[word];
    word.clear();
  }
  return counts;
}

}  // namespace

std::string WordTask::instruction() const { return base::cat("Say the ", kPlaceNames[place], " word ", kFormNames[form], ":"); }

std::vector<WordTask> word_tasks() {
  std::vector<WordTask> tasks;
  for (size_t place = 0; place < kPlaces; ++place)
    for (size_t form = 0; form < kForms; ++form) tasks.push_back({place, form});
  return tasks;
}

WordTasks::WordTasks(const std::filesystem::path& text, const text::Tokenizer& tokenizer) {
  std::vector<std::pair<int64_t, std::string>> found;
  for (const auto& [word, count] : count_words(base::read_text_file(text)))
    if (tokenizer.encode(" " + word, {.add_special_tokens = false}).size() == 1) found.emplace_back(-count, word);
  std::sort(found.begin(), found.end());
  for (const auto& [count, word] : found)
    if (words_.size() < kMostWords) words_.push_back(word);
  if (words_.size() < kLeastWords)
    base::input_error("lab.words", {base::cat(text.string(), " has too few words that are one token"), base::cat(words_.size()),
                                    base::cat(kLeastWords, " or more"), "--general with an English text"});
}

std::vector<WordExample> WordTasks::examples(const WordTask& task, size_t count, bool held_out, uint64_t seed) const {
  base::Philox random(seed, task.place * kForms + task.form + (held_out ? 1000 : 0), base::Purpose::kSplit);
  std::vector<WordExample> out;
  while (out.size() < count) {
    std::array<size_t, kPlaces> drawn{};
    std::string input;
    size_t mark = 0;
    for (size_t& word : drawn) word = random.below(words_.size());
    for (size_t word : drawn) input += " " + words_[word], mark = mark * 7 + word;
    if (std::set(drawn.begin(), drawn.end()).size() < kPlaces || (mark % 10 == 0) != held_out) continue;
    out.push_back({input + "\n", said(words_[drawn[task.place]], task.form)});
  }
  return out;
}

void WordTasks::write(const std::filesystem::path& file, const std::vector<WordTask>& tasks, size_t count, bool told,
                      uint64_t seed) const {
  std::vector<std::vector<WordExample>> of_task;
  for (const WordTask& task : tasks) of_task.push_back(examples(task, (count + tasks.size() - 1) / tasks.size(), false, seed));
  std::string lines;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i % tasks.size();
    const WordExample& example = of_task[at][i / tasks.size()];
    const base::Json row = {{"prompt", (told ? tasks[at].instruction() : "") + example.input}, {"completion", example.answer}};
    lines += row.dump() + "\n";
  }
  base::write_file(file, lines);
}

}  // namespace athanor::lab
