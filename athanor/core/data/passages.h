#pragma once
// Books and papers -> paragraphs that know where they stand.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "athanor/core/data/source.h"

namespace athanor::data {

struct Passage {
  std::string title;    // of the whole
  std::string section;  // "Methods > Data"
  std::string text;
  int64_t line = 0;
};

/// Collects lines. Those of a paragraph are joined: by a blank, by nothing between Chinese or Japanese characters, and where a word
/// was parted by a hyphen at the end of a line ("exam-" "ple") by nothing in its place. What stands under References, Bibliography,
/// Contents or Index is left out.
class PassageBuilder {
 public:
  void title(std::string text) { title_ = std::move(text); }
  /// `level` from 1. Without title(), the first heading of level 1 is the title where nothing stands before it.
  void heading(int level, std::string text);
  /// A line of a paragraph; an empty one ends it. `item`: it begins a line of its own (a list).
  void line(std::string_view text, int64_t number, bool item = false);
  /// Kept as it is: code, a table, a formula.
  void block(std::string_view text, int64_t number);
  std::vector<Passage> finish();

 private:
  void end_paragraph();
  std::string section() const;

  std::string title_;
  std::vector<std::pair<int, std::string>> path_;
  int left_out_below_ = 0;  // level of a heading whose text is left out; 0: none is
  Passage open_;
  std::vector<Passage> passages_;
};

/// Markdown, or with `plain` a text whose headings are lines of their own: "CHAPTER I", "Chapter 2. Of ...", "3.1 Results", or
/// capitals only. Lines that stand at the top or bottom of most pages (between form feeds) and numbers of pages are left out.
std::vector<Passage> passages_of_text(std::string_view text, bool plain);
/// LaTeX.
std::vector<Passage> passages_of_latex(std::string_view text);

/// As rows {title, section, text}.
std::unique_ptr<RowReader> rows_of_passages(std::vector<Passage> passages, std::string name);
/// The whole of a window; file_error beyond 1 GiB.
std::string read_book(ByteWindow& window, const std::string& name);

}  // namespace athanor::data
