#include "athanor/run/generate/repeat_filter.h"

#include <algorithm>
#include <array>

#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::generate {
namespace {

constexpr size_t kLeastBytes = 16, kLineBegin = 16;
constexpr std::string_view kBlanks = " \t\r", kFence = "```";
constexpr std::array<std::string_view, 4> kEndsBeforeBlank = {".", "!", "?", "…"};
constexpr std::array<std::string_view, 4> kEnds = {"。", "！", "？", "．"};
constexpr std::array<std::string_view, 12> kClosers = {"\"", "'", ")", "]", "*", "_", "”", "’", "»", "」", "』", "）"};

bool is_one_of(std::string_view character, const auto& list) { return std::ranges::find(list, character) != list.end(); }

bool ends_with_one_of(std::string_view text, const auto& list) {
  return std::ranges::any_of(list, [text](std::string_view end) { return text.ends_with(end); });
}

std::string_view without_closers(std::string_view text) {
  for (bool found = true; found;) {
    found = false;
    for (std::string_view closer : kClosers)
      if (text.ends_with(closer)) text.remove_suffix(closer.size()), found = true;
  }
  return text;
}

std::string_view without_blanks(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// "- ", "2) ", "| ", "# ", "> ", or the indentation of code.
bool is_marked(std::string_view line) {
  if (line.starts_with("    ") || line.starts_with('\t')) return true;
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (line.empty()) return false;
  if (std::string_view("|#>").find(line[0]) != std::string_view::npos) return true;
  const size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  if (digits == 0) return line.size() > 1 && std::string_view("-*+").find(line[0]) != std::string_view::npos && line[1] == ' ';
  return line.size() > digits + 1 && (line[digits] == '.' || line[digits] == ')') && line[digits + 1] == ' ';
}

}  // namespace

std::string RepeatFilter::push(std::string_view piece) {
  std::string out;
  while (!piece.empty()) {
    const size_t bytes = std::min<size_t>(text::char_at(piece.data()).length, piece.size());
    take(piece.substr(0, bytes), out);
    piece.remove_prefix(bytes);
  }
  return out;
}

std::string RepeatFilter::finish() {
  std::string out;
  end_sentence(out);
  return out;
}

void RepeatFilter::take(std::string_view character, std::string& out) {
  if (character == "\n") {
    end_sentence(out);
    return end_line(out);
  }
  if (ends_before(character)) end_sentence(out);
  sentence_ += character;
  if (line_begin_.size() < kLineBegin) line_begin_ += character;
  if (!may_be_left_out()) show(out);
}

bool RepeatFilter::ends_before(std::string_view character) const {
  const std::string_view said = without_closers(sentence_);
  if (kBlanks.find(character[0]) != std::string_view::npos)
    return ends_with_one_of(said, kEndsBeforeBlank) || ends_with_one_of(said, kEnds);
  return ends_with_one_of(said, kEnds) && !is_one_of(character, kClosers) && !is_one_of(character, kEnds);
}

bool RepeatFilter::repeats_by_right() const { return fenced_ || is_marked(line_begin_); }

bool RepeatFilter::may_be_left_out() const {
  if (shown_ > 0 || repeats_by_right()) return false;
  const std::string_view begun = without_blanks(sentence_);
  if (begun.empty()) return true;
  const auto next = spent_.lower_bound(begun);
  return next != spent_.end() && next->starts_with(begun);
}

void RepeatFilter::show(std::string& out) {
  out.append(sentence_, shown_);
  shown_ = sentence_.size();
  line_shown_ = line_shown_ || !without_blanks(sentence_).empty();
}

void RepeatFilter::end_sentence(std::string& out) {
  const std::string said(without_blanks(sentence_));
  const bool counts = said.size() >= kLeastBytes && !repeats_by_right();
  if (counts && shown_ == 0 && spent_.contains(said)) {
    ++left_out_;
    line_cut_ = true;
  } else {
    show(out);
    if (counts && ++said_[said] >= times_) spent_.insert(said);
  }
  sentence_.clear();
  shown_ = 0;
}

void RepeatFilter::end_line(std::string& out) {
  if (!line_cut_ || line_shown_) out += '\n';
  if (without_blanks(line_begin_).starts_with(kFence)) fenced_ = !fenced_;
  line_begin_.clear();
  line_shown_ = line_cut_ = false;
}

}  // namespace athanor::generate
