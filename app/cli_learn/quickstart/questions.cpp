#include "app/cli_learn/quickstart/questions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/philox.h"

namespace athanor::app {
namespace {

constexpr size_t kShortest = 12, kLongest = 90;  // bytes of a line that is asked about
constexpr size_t kPassage = 10, kFollowing = 8;  // words, where a text is no play
constexpr size_t kFewest = 20;                   // fewer questions of a play are none

struct Speech {
  std::string name;
  std::vector<std::string> lines;
};

/// Blocks between blank lines whose first line is a name and a colon.
std::vector<Speech> speeches_of(const std::string& text) {
  std::vector<Speech> speeches;
  std::istringstream lines(text);
  bool begins = true, inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      begins = true, inside = false;
      continue;
    }
    if (begins && line.size() > 2 && line.size() < 30 && line.back() == ':')
      speeches.push_back({line.substr(0, line.size() - 1), {}}), inside = true;
    else if (inside)
      speeches.back().lines.push_back(line);
    begins = false;
  }
  return speeches;
}

bool can_be_asked(const std::string& line) { return line.size() >= kShortest && line.size() <= kLongest; }

std::vector<Question> of_play(const std::string& text) {
  std::vector<Question> questions;
  size_t count = 0;
  for (const Speech& speech : speeches_of(text))
    for (size_t i = 0; i < speech.lines.size(); ++i) {
      const std::string& line = speech.lines[i];
      if (!can_be_asked(line)) continue;
      const bool last = i + 1 == speech.lines.size() || !can_be_asked(speech.lines[i + 1]);
      switch (count++ % 3) {
        case 0:
          questions.push_back({"Who says: " + line, speech.name + "."});
          break;
        case 1:
          if (!last) questions.push_back({"What follows: " + line, speech.lines[i + 1]});
          break;
        default:
          if (i == 0) questions.push_back({"What does " + speech.name + " say?", line});
      }
    }
  return questions;
}

std::vector<Question> of_words(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;)
    if (word.size() <= kLongest) words.push_back(word);
  const auto joined = [&](size_t begin, size_t count) {
    std::string out;
    for (size_t i = begin; i < begin + count; ++i) out += (out.empty() ? "" : " ") + words[i];
    return out;
  };
  std::vector<Question> questions;
  for (size_t i = 0; i + kPassage + kFollowing <= words.size(); i += kPassage + kFollowing)
    questions.push_back({"What follows: " + joined(i, kPassage), joined(i + kPassage, kFollowing)});
  return questions;
}

std::string jsonl_of(const std::vector<Question>& questions) {
  std::string out;
  for (const Question& q : questions) {
    const base::Json ask = {{"role", "user"}, {"content", q.question}}, answer = {{"role", "assistant"}, {"content", q.answer}};
    out += base::Json{{"messages", base::Json::array({ask, answer})}}.dump(-1, ' ', false, base::Json::error_handler_t::replace) +
           "\n";
  }
  return out;
}

}  // namespace

const char* const kQuestionTemplate =
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}"
    "{% else %}{{ 'QUESTION:\\n' + m.content + '\\n\\nANSWER:\\n' }}{% endif %}{% endfor %}";

std::vector<Question> questions_of(const std::string& text, size_t most, uint64_t seed) {
  std::vector<Question> questions = of_play(text);
  if (questions.size() < kFewest) questions = of_words(text);
  base::Philox random(seed, 0, base::Purpose::kDataOrder);
  for (size_t i = questions.size(); i > 1; --i) std::swap(questions[i - 1], questions[random.below(i)]);
  if (questions.size() > most) questions.resize(most);
  return questions;
}

base::Json write_questions(const QuickstartPlan& plan) {
  const auto seed = static_cast<uint64_t>(plan.recipe.train.seed);
  const auto train = questions_of(plan.train_text, plan.quick ? 600 : 1500, seed);
  const auto held_out = questions_of(plan.held_out, plan.quick ? 24 : 60, seed + 1);
  if (train.empty() || held_out.empty())
    base::input_error("cli.quickstart", {"the text has too few words to ask about", "", "two hundred at least"});
  std::filesystem::create_directories(plan.questions());
  base::write_file(plan.questions() / "train.jsonl", jsonl_of(train));
  base::write_file(plan.questions() / "held-out.jsonl", jsonl_of(held_out));
  base::write_file(plan.questions() / "chat.jinja", kQuestionTemplate);
  return {{"train", train.size()}, {"held_out", held_out.size()}};
}

std::vector<Question> held_out_questions(const QuickstartPlan& plan) {
  std::vector<Question> questions;
  std::istringstream lines(base::read_text_file(plan.questions() / "held-out.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const base::Json row = base::parse_json(line, "cli.quickstart", "held-out.jsonl");
    questions.push_back({row["messages"][0]["content"], row["messages"][1]["content"]});
  }
  return questions;
}

}  // namespace athanor::app
