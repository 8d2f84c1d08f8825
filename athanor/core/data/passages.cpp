#include "athanor/core/data/passages.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/json_row.h"
#include "athanor/core/data/words.h"

namespace athanor::data {
namespace {

constexpr size_t kMaxBook = size_t{1} << 30;
constexpr std::array<std::string_view, 9> kLeftOut = {
    "references", "bibliography", "works cited", "contents", "table of contents", "index", "参考文献", "目录", "literature cited"};

std::string_view trim_line(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n\f");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r\n\f") + 1 - first);
}

bool is_left_out(std::string_view heading) {
  std::string lower(trim_line(heading));
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const size_t name = lower.find_first_not_of("0123456789. ");
  lower.erase(0, name == std::string::npos ? 0 : name);
  return std::find(kLeftOut.begin(), kLeftOut.end(), lower) != kLeftOut.end();
}

std::string_view last_character(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return text.substr(at);
}

std::string_view first_character(std::string_view text) {
  size_t end = 1;
  while (end < std::min<size_t>(text.size(), 4) && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return text.substr(0, end);
}

/// Appends a line to a paragraph; neither is empty.
void join_line(std::string& text, std::string_view line) {
  const bool lower = std::islower(static_cast<unsigned char>(line.front())) != 0;
  if (text.size() > 1 && text.back() == '-' && std::isalpha(static_cast<unsigned char>(text[text.size() - 2])) && lower) {
    text.pop_back();
  } else if (!lacks_spaces(base::cat(last_character(text), first_character(line)))) {
    text += ' ';
  }
  text += line;
}

class PassageRows : public RowReader {
 public:
  PassageRows(std::vector<Passage> passages, std::string name) : passages_(std::move(passages)), name_(std::move(name)) {}
  bool next(RawRow& row) override {
    if (at_ == passages_.size()) return false;
    const Passage& one = passages_[at_++];
    const base::Json json = {{"title", one.title}, {"section", one.section}, {"text", one.text}};
    text_ = json.dump(-1, ' ', false, base::Json::error_handler_t::replace);
    if (text_.size() > kMaxRowBytes) row_too_long("data.book", name_, one.line, text_.size());
    row = {text_, one.line};
    return true;
  }
  base::Json parse(const RawRow& row) const override { return parse_json_row(row, "data.book", name_); }

 private:
  std::vector<Passage> passages_;
  std::string name_, text_;
  size_t at_ = 0;
};

}  // namespace

void PassageBuilder::heading(int level, std::string text) {
  end_paragraph();
  if (left_out_below_ > 0 && level > left_out_below_) return;
  left_out_below_ = is_left_out(text) ? level : 0;
  if (title_.empty() && level == 1 && passages_.empty() && path_.empty() && left_out_below_ == 0) {
    title_ = std::move(text);
    return;
  }
  while (!path_.empty() && path_.back().first >= level) path_.pop_back();
  path_.emplace_back(level, std::move(text));
}

void PassageBuilder::line(std::string_view text, int64_t number, bool item) {
  text = trim_line(text);
  if (text.empty()) return end_paragraph();
  if (left_out_below_ > 0) return;
  if (open_.text.empty()) {
    open_.line = number, open_.text = text;
  } else if (item) {
    (open_.text += '\n') += text;
  } else {
    join_line(open_.text, text);
  }
}

void PassageBuilder::block(std::string_view text, int64_t number) {
  end_paragraph();
  if (left_out_below_ > 0 || trim_line(text).empty()) return;
  while (text.ends_with('\n')) text.remove_suffix(1);
  open_.line = number, open_.text = text;
  end_paragraph();
}

void PassageBuilder::end_paragraph() {
  if (!open_.text.empty()) passages_.push_back({title_, section(), std::move(open_.text), open_.line});
  open_ = {};
}

std::string PassageBuilder::section() const {
  std::string all;
  for (const auto& [level, text] : path_) all += (all.empty() ? "" : " > ") + text;
  return all;
}

std::vector<Passage> PassageBuilder::finish() {
  end_paragraph();
  for (Passage& one : passages_) one.title = title_;  // also of what stands before the title
  return std::move(passages_);
}

std::unique_ptr<RowReader> rows_of_passages(std::vector<Passage> passages, std::string name) {
  return std::make_unique<PassageRows>(std::move(passages), std::move(name));
}

std::string read_book(ByteWindow& window, const std::string& name) {
  while (window.more())
    if (window.view().size() > kMaxBook)
      base::file_error("data.book", {name + " is too large for one book", "more than 1 GiB", "", "split it"});
  return std::string(window.view());
}

}  // namespace athanor::data
