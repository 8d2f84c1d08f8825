// --choices: the text is one line of a list. Together the lines become a tree of bytes, so common beginnings are one state.

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/utf8.h"
#include "athanor/run/generate/constraints/shelf.h"

namespace athanor::generate {

std::vector<std::string> choice_lines(std::string_view text) {
  std::vector<std::string> lines;
  for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

void write_choices(Grammar& grammar, std::string_view text) {
  if (text.size() > kMostTextBytes)
    grammar.fail({"the list is too long", base::human_bytes(static_cast<double>(text.size())),
                  base::cat("at most ", base::human_bytes(kMostTextBytes))});
  if (const size_t wrong = base::invalid_utf8(text); wrong != std::string_view::npos)
    grammar.fail(
        {base::cat("line ", 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(wrong), '\n'), " is not UTF-8")});
  std::vector<ExprId> lines;
  for (const std::string& line : choice_lines(text)) lines.push_back(grammar.bytes(line));
  if (lines.empty()) grammar.fail({"the list of choices is empty", "", "one choice a line"});
  grammar.root = grammar.add_rule("the list");
  grammar.define(grammar.root, grammar.choice(std::move(lines)));
}

}  // namespace athanor::generate
