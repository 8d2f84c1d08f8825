#include "athanor/core/data/latex_text.h"

#include <algorithm>
#include <cctype>

namespace athanor::data {
namespace {

/// Commands of which the arguments are no text.
bool is_silent(std::string_view command) {
  return is_latex_name(command, {"cite",
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

class PlainLatex {
 public:
  explicit PlainLatex(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return std::string(trimmed_latex(out_));
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

}  // namespace

std::string_view trimmed_latex(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") + 1 - first);
}

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

std::string_view command_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end]))) ++end;
  if (end == at) return text.substr(at, 1);
  if (end < text.size() && text[end] == '*') ++end;
  return text.substr(at, end - at);
}

bool is_latex_name(std::string_view name, std::initializer_list<std::string_view> names) {
  if (name.ends_with('*')) name.remove_suffix(1);
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string plain_latex(std::string_view text) { return PlainLatex(text).run(); }

}  // namespace athanor::data
