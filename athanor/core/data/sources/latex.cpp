// Books and papers in LaTeX -> paragraphs with title and section. What stands between \begin{document} and \end{document} is read;
// \part to \paragraph are headings. Formulas stay as they are written, on lines of their own as blocks. Figures, tables,
// bibliographies, comments, citations, labels and footnotes are left out, and commands lose their backslash and keep what they set:
// \emph{this} is "this". It is a reader of text, no TeX: macros that a paper defines are not expanded.

#include <algorithm>
#include <array>
#include <cctype>

#include "athanor/core/data/passages.h"

namespace athanor::data {
namespace {

using Names = std::vector<std::string_view>;

struct LatexHeading {
  std::string_view command;
  int level;
};
constexpr std::array<LatexHeading, 7> kHeadings = {
    {{"part", 2}, {"chapter", 3}, {"section", 4}, {"subsection", 5}, {"subsubsection", 6}, {"paragraph", 7}, {"subparagraph", 8}}};

bool is_one_of(std::string_view name, const Names& names) {
  if (name.ends_with('*')) name.remove_suffix(1);
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_unread(std::string_view environment) {
  return is_one_of(environment,
                   {"figure", "table", "wrapfigure", "thebibliography", "tikzpicture", "comment", "filecontents", "titlepage"});
}

bool is_block(std::string_view environment) {
  return is_one_of(environment, {"equation", "align", "gather", "multline", "eqnarray", "displaymath", "verbatim", "lstlisting",
                                 "tabular", "minted", "algorithmic"});
}

/// Commands of which the arguments are no text.
bool is_silent(std::string_view command) {
  return is_one_of(command, {"cite",
                             "citep",
                             "citet",
                             "ref",
                             "eqref",
                             "cref",
                             "Cref",
                             "autoref",
                             "label",
                             "footnote",
                             "index",
                             "vspace",
                             "hspace",
                             "bibliography",
                             "bibliographystyle",
                             "includegraphics",
                             "input",
                             "include",
                             "usepackage",
                             "documentclass",
                             "thanks",
                             "date",
                             "author",
                             "title",
                             "pagestyle",
                             "thispagestyle",
                             "setcounter",
                             "color"});
}

std::string_view trim_latex(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

/// Behind the bracket that closes the one at `at`; the text's end where none does.
size_t behind_bracket(std::string_view text, size_t at, char open, char close) {
  int64_t depth = 0;
  for (size_t i = at; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == open) {
      ++depth;
    } else if (text[i] == close && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

/// The name of a command behind its backslash.
std::string_view command_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end]))) ++end;
  if (end == at) return text.substr(at, 1);
  if (end < text.size() && text[end] == '*') ++end;
  return text.substr(at, end - at);
}

/// Running text without commands; a loop, so that no depth of braces matters.
class PlainLatex {
 public:
  explicit PlainLatex(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::string(trim_latex(out_));
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '\\') return command();
    if (c == '$') return formula();
    if (text_.substr(at_).starts_with("``") || text_.substr(at_).starts_with("''")) {
      out_ += '"', at_ += 2;
    } else if (text_.substr(at_).starts_with("--")) {
      const bool em = text_.substr(at_).starts_with("---");
      out_ += em ? "\xE2\x80\x94" : "\xE2\x80\x93", at_ += em ? 3 : 2;
    } else {
      if (c == '~')
        out_ += ' ';
      else if (c != '{' && c != '}')
        out_ += c;
      ++at_;
    }
  }

  void formula() {
    const size_t marks = text_.substr(at_).starts_with("$$") ? 2 : 1;
    const size_t close = text_.find(text_.substr(at_, marks), at_ + marks);
    const size_t end = close == std::string_view::npos ? text_.size() : close + marks;
    out_ += text_.substr(at_, end - at_);
    at_ = end;
  }

  void command() {
    const std::string_view name = command_at(text_, at_ + 1);
    if (name == "(" || name == "[") {
      const size_t close = text_.find(name == "(" ? "\\)" : "\\]", at_);
      const size_t end = close == std::string_view::npos ? text_.size() : close + 2;
      out_ += text_.substr(at_, end - at_);
      at_ = end;
      return;
    }
    at_ += 1 + name.size();
    if (name == "\\" || name == " " || name == ",") out_ += ' ';
    if (name.size() == 1 && std::string_view("%&_#${}").find(name[0]) != std::string_view::npos) out_ += name;
    if (name == "item") out_ += "-";
    if (name == "ldots" || name == "dots") out_ += "...";
    if (name.size() == 1 && !std::isalpha(static_cast<unsigned char>(name[0]))) return;
    if (is_silent(name)) {
      while (!out_.empty() && out_.back() == ' ') out_.pop_back();
      skip_arguments();
    } else if (at_ < text_.size() && text_[at_] == '[') {
      at_ = behind_bracket(text_, at_, '[', ']');
    }
  }

  void skip_arguments() {
    while (at_ < text_.size() && (text_[at_] == '{' || text_[at_] == '['))
      at_ = behind_bracket(text_, at_, text_[at_], text_[at_] == '{' ? '}' : ']');
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
};

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
      if (open != std::string_view::npos) builder_.title(PlainLatex(inside(text, open)).run());
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
      const std::string_view code = trim_latex(without_comment(line));
      if (code.empty() && !trim_latex(line).empty()) continue;  // only a comment: it does not end a paragraph
      if (code.starts_with("\\begin{")) {
        environment(code);
      } else if (code == "\\[" || code == "$$") {
        block(code, code == "$$" ? "$$" : "\\]");
      } else if (!code.starts_with("\\end{") && !heading(code)) {
        const std::string plain = PlainLatex(code).run();
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
    builder_.heading(found->level, PlainLatex(inside(code, open)).run());
    const size_t rest = behind_bracket(code, open, '{', '}');
    const std::string plain = PlainLatex(code.substr(rest)).run();
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
