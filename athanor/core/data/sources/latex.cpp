// Books and papers in LaTeX -> paragraphs with title and section. What stands between \begin{document} and \end{document} is read;
// \part to \paragraph are headings. Formulas stay as they are written, on lines of their own as blocks. Figures, tables,
// bibliographies, comments, citations, labels and footnotes are left out, and commands lose their backslash and keep what they set:
// \emph{this} is "this". It is a reader of text, no TeX: macros that a paper defines are not expanded.

#include <algorithm>
#include <array>

#include "athanor/core/data/latex_text.h"
#include "athanor/core/data/passages.h"

namespace athanor::data {
namespace {

struct LatexHeading {
  std::string_view command;
  int level;
};
constexpr std::array<LatexHeading, 7> kHeadings = {
    {{"part", 2}, {"chapter", 3}, {"section", 4}, {"subsection", 5}, {"subsubsection", 6}, {"paragraph", 7}, {"subparagraph", 8}}};

bool is_unread(std::string_view environment) {
  return is_latex_name(environment,
                       {"figure", "table", "wrapfigure", "thebibliography", "tikzpicture", "comment", "filecontents", "titlepage"});
}

bool is_block(std::string_view environment) {
  return is_latex_name(environment, {"equation", "align", "gather", "multline", "eqnarray", "displaymath", "verbatim", "lstlisting",
                                     "tabular", "minted", "algorithmic"});
}

/// The part of a line before its comment; a line that is only a comment is left out by the caller.
std::string_view without_comment(std::string_view line) {
  for (size_t at = line.find('%'); at != std::string_view::npos; at = line.find('%', at + 1)) {
    size_t backslashes = 0;
    while (backslashes < at && line[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return line.substr(0, at);
  }
  return line;
}

class LatexReader {
 public:
  explicit LatexReader(std::string_view text) {
    constexpr std::string_view kBegin = "\\begin{document}", kEnd = "\\end{document}", kTitle = "\\title";
    if (const size_t title = text.find(kTitle); title != std::string_view::npos) {
      const size_t open = text.find('{', title);
      if (open != std::string_view::npos) builder_.title(plain_latex(inside(text, open)));
    }
    const size_t begin = text.find(kBegin);
    if (begin != std::string_view::npos) {
      number_ += std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(begin), '\n');
      text.remove_prefix(begin + kBegin.size());
    }
    text_ = text.substr(0, text.find(kEnd));
  }

  std::vector<Passage> read() {
    for (std::string_view line; take_line(line);) {
      const std::string_view code = trimmed_latex(without_comment(line));
      if (code.empty() && !trimmed_latex(line).empty()) continue;  // only a comment: it does not end a paragraph
      if (code.starts_with("\\begin{")) {
        environment(code);
      } else if (code == "\\[" || code == "$$") {
        block(code, code == "$$" ? "$$" : "\\]");
      } else if (!code.starts_with("\\end{") && !heading(code)) {
        const std::string plain = plain_latex(code);
        if (!plain.empty() || code.empty()) builder_.line(plain, number_ - 1, plain.starts_with("- "));
      }
    }
    return builder_.finish();
  }

 private:
  static std::string_view inside(std::string_view text, size_t open) {
    const size_t end = behind_bracket(text, open, '{', '}');
    return text.substr(open + 1, end - open - 1 - (end > open + 1 && text[end - 1] == '}'));
  }

  bool take_line(std::string_view& line) {
    if (at_ >= text_.size()) return false;
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    line = text_.substr(at_, end - at_);
    at_ = end + 1;
    ++number_;
    return true;
  }

  void environment(std::string_view code) {
    const std::string_view name = inside(code, 6);
    const std::string end = "\\end{" + std::string(name) + "}";
    if (is_block(name)) return block(code, end);
    if (is_unread(name)) {
      for (std::string_view line = code; line.find(end) == std::string_view::npos;)
        if (!take_line(line)) return;
    } else if (name == "abstract") {
      builder_.heading(4, "Abstract");
    }
  }

  /// From its first line to the one that closes it.
  void block(std::string_view first, std::string_view end) {
    const int64_t number = number_ - 1;
    std::string all(first);
    bool closed = first.size() > end.size() && first.find(end, 1) != std::string_view::npos;
    for (std::string_view line; !closed && take_line(line);) {
      (all += '\n') += line;
      closed = line.find(end) != std::string_view::npos;
    }
    builder_.block(all, number);
  }

  bool heading(std::string_view code) {
    if (!code.starts_with('\\')) return false;
    std::string_view name = command_at(code, 1);
    const size_t behind = 1 + name.size();
    if (name.ends_with('*')) name.remove_suffix(1);
    const auto* found = std::find_if(kHeadings.begin(), kHeadings.end(), [&](const LatexHeading& h) { return h.command == name; });
    if (found == kHeadings.end()) return false;
    const size_t open = code.find('{', behind);
    if (open == std::string_view::npos) return false;
    builder_.heading(found->level, plain_latex(inside(code, open)));
    const size_t rest = behind_bracket(code, open, '{', '}');
    const std::string plain = plain_latex(code.substr(rest));
    if (!plain.empty()) builder_.line(plain, number_ - 1);
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  int64_t number_ = 1;  // of the line that comes
  PassageBuilder builder_;
};

}  // namespace

std::vector<Passage> passages_of_latex(std::string_view text) { return LatexReader(text).read(); }

std::unique_ptr<RowReader> open_latex(ByteWindow window, std::string name) {
  const std::string text = read_book(window, name);
  return rows_of_passages(passages_of_latex(text), std::move(name));
}

}  // namespace athanor::data
