// Answer i of F = render(m_1 .. m_n) begins where render(m_1 .. m_{i-1}, generation prompt) ends, and ends where
// render(m_1 .. m_i) ends, as long as these are prefixes of F. Templates break that in two known ways, which are both handled:
//
// - The generation prompt opens something that finished answers do not have (<think>): the answer begins where the two texts part.
// - Earlier answers lose something once a question follows (Qwen3 removes thoughts): render(m_1 .. m_i) is no prefix of F. Then
//   answer i is replaced by a marker in render(m_1 .. m_{i+1}): what both texts share at their ends begins behind the answer, and
//   what render(m_1 .. m_i) shares with its marked twin at its end is what closes the turn.
//
// Checked against transformers' apply_chat_template(return_assistant_tokens_mask) on the same templates with generation marks.

#include "athanor/core/data/answer_spans.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::data {
namespace {

using base::Json;
using text::templates::Span;

size_t shared_front(std::string_view a, std::string_view b) {
  const size_t n = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(n), b.begin()).first - a.begin());
}

size_t shared_back(std::string_view a, std::string_view b) {
  size_t n = 0;
  while (n < a.size() && n < b.size() && a[a.size() - 1 - n] == b[b.size() - 1 - n]) ++n;
  return n;
}

bool is_answer(const Json& message) { return message.value("role", "") == "assistant"; }

class Prefixes {
 public:
  Prefixes(const text::ChatTemplate& chat, const Json& messages, const text::ChatOptions& options, const std::string& whole)
      : chat_(chat), messages_(messages), options_(options), whole_(whole) {}

  Span answer(size_t i) const { return {begin_of(i), end_of(i)}; }

 private:
  std::string render(const Json& messages, bool prompt) const {
    text::ChatOptions options = options_;
    options.add_generation_prompt = prompt;
    return chat_.render(messages, options).text;
  }
  Json first(size_t count) const {
    Json list = Json::array();
    for (size_t i = 0; i < count; ++i) list.push_back(messages_[i]);
    return list;
  }

  size_t begin_of(size_t i) const {
    if (i == 0) return begin_of_first();
    const Json before = first(i);
    const std::string prompt = render(before, true);
    if (whole_.starts_with(prompt)) return prompt.size();
    if (!whole_.starts_with(render(before, false))) fail(i);
    return shared_front(prompt, whole_);
  }

  /// The assistant speaks first: templates need not render nothing, so its own words are looked for.
  size_t begin_of_first() const {
    const std::string content = messages_[0].value("content", "");
    const size_t found = content.empty() ? std::string::npos : whole_.find(content);
    if (found == std::string::npos) fail(0);
    return found;
  }

  size_t end_of(size_t i) const {
    if (i + 1 == messages_.size()) return whole_.size();
    const std::string until = render(first(i + 1), false);
    return whole_.starts_with(until) ? until.size() : end_by_marker(i, until);
  }

  size_t end_by_marker(size_t i, const std::string& until) const {
    const auto found = messages_[i].find("content");
    if (found == messages_[i].end() || !found->is_string()) fail(i);
    const auto content = found->get<std::string>();
    const size_t last = content.find_last_not_of(" \t\r\n");
    Json marked = first(i + 2);
    // A marker whose last letter is not the answer's, or the common end would reach into it.
    marked[i]["content"] = last != std::string::npos && content[last] == '0' ? "ANSWER1" : "ANSWER0";
    const std::string longer = render(first(i + 2), false), other = render(marked, false);
    if (!whole_.starts_with(longer)) fail(i);
    const size_t end = longer.size() - shared_back(longer, other);
    marked.erase(i + 1);
    const std::string closing = until.substr(until.size() - shared_back(until, render(marked, false)));
    if (whole_.compare(end, closing.size(), closing) != 0) fail(i);
    return end + closing.size();
  }

  [[noreturn]] void fail(size_t i) const {
    base::input_error(
        "data.render",
        {base::cat("the chat template rewrites what came before message ", i + 1, ", so its answer cannot be told apart"), "",
         "a template that only adds to what it wrote", "data.learn=last, or {% generation %} marks in the template"});
  }

  const text::ChatTemplate& chat_;
  const Json& messages_;
  const text::ChatOptions& options_;
  const std::string& whole_;
};

}  // namespace

std::vector<Span> answer_spans(const text::ChatTemplate& chat, const Json& messages, const text::ChatOptions& options,
                               const text::ChatText& whole, size_t from, bool last_only) {
  std::vector<size_t> answers;
  size_t all = 0;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (!is_answer(messages[i])) continue;
    ++all;
    if (i >= from) answers.push_back(i);
  }
  if (last_only && answers.size() > 1) answers.erase(answers.begin(), answers.end() - 1);
  const std::vector<Span>& marks = whole.generations;
  if (!marks.empty() && marks.size() == all) return {marks.end() - static_cast<ptrdiff_t>(answers.size()), marks.end()};
  if (!marks.empty() && answers.size() == all) return marks;
  const Prefixes prefixes(chat, messages, options, whole.text);
  std::vector<Span> spans;
  for (size_t i : answers)
    if (Span span = prefixes.answer(i); span.end > span.begin) spans.push_back(span);
  return spans;
}

}  // namespace athanor::data
