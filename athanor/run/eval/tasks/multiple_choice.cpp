// Multiple choice by log-likelihood, as lm-evaluation-harness (Gao et al. 2021) defines it: the answer is the choice c with the
// largest L(c) = ln p(" " + c | query).
//   acc        argmax L(c) is the right one
//   acc_norm   argmax L(c) / characters of c
//   acc_bytes  argmax L(c) / bytes of c
// Blanks at the end of the query go to the front of the continuation, whose tokens are those of the joined text that follow the
// query's own number of tokens. What does not fit the context is cut from the left. An empty query is the bos token, else the eos.
// Among equals the first choice counts. Checked against the harness's formulas over transformers' logits.

#include "athanor/run/eval/tasks/multiple_choice.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"

namespace athanor::eval {
namespace {

constexpr const char* kWhere = "eval.multiple-choice";
constexpr text::EncodeOptions kPlain = {.add_special_tokens = false, .parse_special = false};

struct Question {
  std::string query;
  std::vector<std::string> choices;
  size_t gold = 0;
};

Question question_from(std::string_view line, const std::string& place) {
  const auto fail = [&](const char* what) {
    base::file_error(kWhere, {base::cat(place, ": ", what), "", R"({"query": "...", "choices": ["...", "..."], "gold": 0})"});
  };
  const base::Json json = base::parse_json(line, kWhere, place, {.depth = 8, .bytes = size_t{16} << 20});
  if (!json.is_object() || !json.contains("query") || !json["query"].is_string()) fail("no text \"query\"");
  if (!json.contains("choices") || !json["choices"].is_array() || json["choices"].size() < 2)
    fail("no list \"choices\" of two or more");
  Question question{.query = json["query"], .choices = {}};
  for (const base::Json& choice : json["choices"]) {
    if (!choice.is_string() || choice.get_ref<const std::string&>().empty()) fail("a choice is not a text");
    question.choices.push_back(choice);
  }
  if (!json.contains("gold") || !json["gold"].is_number_unsigned() || json["gold"] >= question.choices.size())
    fail("\"gold\" is not the index of a choice");
  question.gold = json["gold"];
  return question;
}

std::vector<Question> read_questions(std::string_view data, std::string_view source, int64_t limit) {
  std::vector<Question> questions;
  int64_t number = 0;
  for (size_t begin = 0; begin < data.size() && (limit == 0 || static_cast<int64_t>(questions.size()) < limit);) {
    const size_t end = std::min(data.find('\n', begin), data.size());
    const std::string_view line = data.substr(begin, end - begin);
    begin = end + 1, ++number;
    if (line.find_first_not_of(" \t\r") != line.npos) questions.push_back(question_from(line, base::cat(source, ":", number)));
  }
  if (questions.empty()) base::file_error(kWhere, {base::cat(source, ": no question"), "", "one JSON object on each line"});
  return questions;
}

double characters(const std::string& text) {
  return static_cast<double>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

size_t best_index(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

double continuation_logprob(TokenScorer& scorer, const text::Tokenizer& tokenizer, std::string context, std::string continuation,
                            bool add_bos) {
  const size_t kept = context.find_last_not_of(" \t\n\r\f\v") + 1;  // npos + 1 is 0
  continuation.insert(0, context.substr(kept));
  context.resize(kept);
  const std::vector<text::TokenId> joined = tokenizer.encode(context + continuation, kPlain);
  std::vector<text::TokenId> all = context.empty() ? std::vector<text::TokenId>() : tokenizer.encode(context, kPlain);
  size_t before = all.size();
  all.insert(all.end(), joined.begin() + static_cast<std::ptrdiff_t>(std::min(before, joined.size())), joined.end());
  const auto start = tokenizer.bos() ? tokenizer.bos() : tokenizer.eos();
  if (before == 0 || add_bos) {
    if (!start)
      base::input_error(kWhere,
                        {"a question begins with nothing, and the tokenizer names no bos or eos token", "", "", "a longer query"});
    all.insert(all.begin(), *start);
    ++before;
  }
  if (before >= all.size()) return 0;
  const size_t most = static_cast<size_t>(scorer.context()) + 1, cut = all.size() > most ? all.size() - most : 0;
  const size_t from = std::max<size_t>(before - std::min(before, cut), 1);
  const std::vector<double> logprobs = scorer.logprobs(std::span(all).subspan(cut), static_cast<int64_t>(from));
  return std::accumulate(logprobs.begin(), logprobs.end(), 0.0);
}

EvalResult multiple_choice(TokenScorer& scorer, const text::Tokenizer& tokenizer, std::string_view data, std::string_view source,
                           const EvalOptions& options) {
  const std::vector<Question> questions = read_questions(data, source, options.limit);
  base::Progress progress("evaluating", questions.size(), "questions");
  double right = 0, right_by_character = 0, right_by_byte = 0, asked = 0;
  for (const Question& question : questions) {
    if (base::stop_requested()) break;
    std::vector<double> plain, by_character, by_byte;
    for (const std::string& choice : question.choices) {
      plain.push_back(continuation_logprob(scorer, tokenizer, question.query, " " + choice, options.add_bos));
      by_character.push_back(plain.back() / characters(choice));
      by_byte.push_back(plain.back() / static_cast<double>(choice.size()));
    }
    right += best_index(plain) == question.gold;
    right_by_character += best_index(by_character) == question.gold;
    right_by_byte += best_index(by_byte) == question.gold;
    ++asked;
    progress.advance(1);
  }
  progress.finish();
  if (asked == 0) return {};
  return {right / asked,
          {{"acc", right / asked},
           {"acc_norm", right_by_character / asked},
           {"acc_bytes", right_by_byte / asked},
           {"questions", asked}}};
}

}  // namespace athanor::eval
