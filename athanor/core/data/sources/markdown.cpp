// Books and papers in Markdown (CommonMark's headings, code fences, lists, tables) -> paragraphs with title and section. Inline
// markup stays: it is text that a model may learn. Left out are comments, link definitions, pictures that stand alone, and what
// passages.h says. With data.separator: paragraphs, plain text is read in the same way; then headings are lines of their own.

#include <algorithm>
#include <cctype>
#include <regex>

#include "athanor/core/data/page_lines.h"
#include "athanor/core/data/passages.h"

namespace athanor::data {
namespace {

bool begins_item(std::string_view line) {
  if (line.size() > 1 && (line[0] == '-' || line[0] == '*' || line[0] == '+') && line[1] == ' ') return true;
  size_t digits = 0;
  while (digits < line.size() && std::isdigit(static_cast<unsigned char>(line[digits]))) ++digits;
  return digits > 0 && digits < 4 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

bool consists_of(std::string_view line, char c, size_t least) {
  return line.size() >= least && line.find_first_not_of(c) == std::string_view::npos;
}

bool is_capitals(std::string_view line) {
  const auto letters = std::count_if(line.begin(), line.end(), [](unsigned char c) { return std::isalpha(c); });
  const bool small = std::any_of(line.begin(), line.end(), [](unsigned char c) { return std::islower(c) || c >= 0x80; });
  return letters >= 3 && !small && line.size() <= 60;
}

/// Level of a heading in plain text; 0: it is none. A "." at the end makes a sentence of it.
int plain_heading(std::string_view line) {
  static const std::regex kChapter(R"(^(chapter|part|book|volume)\s+([0-9]+|[ivxlc]+)\b.{0,60}$)", std::regex::icase);
  static const std::regex kNumbered(R"(^([0-9]+(\.[0-9]+)*)\.?\s+[A-Z].{1,70}[^.,;:]$)");
  if (line.size() > 90) return 0;
  std::match_results<std::string_view::const_iterator> match;
  if (std::regex_match(line.begin(), line.end(), kChapter)) return 2;
  if (std::regex_match(line.begin(), line.end(), match, kNumbered))
    return 2 + static_cast<int>(std::count(match[1].first, match[1].second, '.'));
  return is_capitals(line) ? 2 : 0;
}

class TextReader {
 public:
  TextReader(std::string_view text, bool plain) : plain_(plain) {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      std::string_view line = text.substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      lines_.push_back(line);
      begin = end + 1;
    }
  }

  std::vector<Passage> read() {
    if (!plain_) take_front_matter();
    while (at_ < lines_.size())
      if (plain_)
        take_plain();
      else
        take_markdown();
    return builder_.finish();
  }

 private:
  static std::string_view trimmed_of(std::string_view line) {
    const size_t first = line.find_first_not_of(" \t");
    return first == std::string_view::npos ? "" : line.substr(first, line.find_last_not_of(" \t") + 1 - first);
  }
  std::string_view trimmed(size_t i) const { return i < lines_.size() ? trimmed_of(lines_[i]) : std::string_view(); }
  int64_t number() const { return static_cast<int64_t>(at_) + 1; }

  void take_front_matter() {
    if (trimmed(0) != "---") return;
    const auto end = std::find(lines_.begin() + 1, lines_.end(), std::string_view("---"));
    if (end == lines_.end()) return;
    for (auto line = lines_.begin() + 1; line != end; ++line)
      if (line->starts_with("title:")) {
        std::string_view title = trimmed_of(line->substr(6));
        if (title.size() > 1 && (title[0] == '"' || title[0] == '\'') && title.back() == title[0])
          title = title.substr(1, title.size() - 2);
        builder_.title(std::string(title));
      }
    at_ = static_cast<size_t>(end - lines_.begin()) + 1;
  }

  void take_plain() {
    const std::string_view line = trimmed(at_);
    const bool alone = (at_ == 0 || trimmed(at_ - 1).empty()) && trimmed(at_ + 1).empty();
    if (const int level = alone ? plain_heading(line) : 0)
      builder_.heading(level, std::string(line));
    else
      builder_.line(line, number());
    ++at_;
  }

  void take_markdown() {
    const std::string_view line = trimmed(at_);
    if (line.starts_with("```") || line.starts_with("~~~")) return take_until(line.substr(0, 3), false);
    if (line == "$$") return take_until("$$", true);
    if (line.starts_with("|")) return take_table();
    if (line.starts_with("#")) {
      const size_t level = std::min(line.find_first_not_of('#'), line.size());
      if (level <= 6 && (level == line.size() || line[level] == ' ')) return take_heading(line, level);
    }
    const std::string_view below = trimmed(at_ + 1);
    const bool alone = at_ == 0 || trimmed(at_ - 1).empty();
    if (alone && !line.empty() && !begins_item(line) && (consists_of(below, '=', 2) || consists_of(below, '-', 3))) {
      builder_.heading(below[0] == '=' ? 1 : 2, std::string(line));
      at_ += 2;
      return;
    }
    if (consists_of(line, '-', 3) || consists_of(line, '*', 3) || consists_of(line, '_', 3))
      builder_.line("", number());
    else if (!is_unread(line))
      builder_.line(line, number(), begins_item(line));
    ++at_;
  }

  void take_heading(std::string_view line, size_t level) {
    std::string_view text = trimmed_of(line.substr(level));
    const size_t closing = text.find_last_not_of('#');
    if (closing != std::string_view::npos && closing + 1 < text.size() && text[closing] == ' ')
      text = trimmed_of(text.substr(0, closing));
    builder_.heading(static_cast<int>(level), std::string(text));
    ++at_;
  }

  /// Comments, definitions of links, and pictures that stand alone.
  static bool is_unread(std::string_view line) {
    const bool definition = line.starts_with("[") && line.find("]: ") != std::string_view::npos && !line.starts_with("[^");
    const bool picture = line.starts_with("![") && line.ends_with(")") && line.find(')') + 1 == line.size();
    return definition || picture || (line.starts_with("<!--") && line.ends_with("-->"));
  }

  /// A block from its fence to the fence that closes it; a formula keeps none of the two.
  void take_until(std::string_view fence, bool inside_only) {
    const int64_t first = number();
    std::string block = inside_only ? "" : std::string(lines_[at_]) + "\n";
    for (++at_; at_ < lines_.size() && !trimmed(at_).starts_with(fence); ++at_) (block += lines_[at_]) += '\n';
    if (at_ < lines_.size() && !inside_only) (block += lines_[at_]) += '\n';
    ++at_;
    builder_.block(inside_only ? "$$\n" + block + "$$" : block, first);
  }

  void take_table() {
    const int64_t first = number();
    std::string block;
    for (; trimmed(at_).starts_with("|"); ++at_) (block += lines_[at_]) += '\n';
    builder_.block(block, first);
  }

  bool plain_;
  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  PassageBuilder builder_;
};

}  // namespace

std::vector<Passage> passages_of_text(std::string_view text, bool plain) {
  const std::string whole = without_page_lines(text);
  return TextReader(whole, plain).read();
}

std::unique_ptr<RowReader> open_markdown(ByteWindow window, std::string name) {
  const std::string text = read_book(window, name);
  return rows_of_passages(passages_of_text(text, false), std::move(name));
}

}  // namespace athanor::data
