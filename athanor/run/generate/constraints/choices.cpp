// --choices: the text is one line of a list. Together the lines become a tree of bytes, so common beginnings are one state.

#include "athanor/core/base/cat.h"
#include "athanor/core/base/utf8.h"
#include "athanor/run/generate/constraints/shelf.h"

namespace athanor::generate {

void write_choices(Grammar& grammar, std::string_view text) {
  if (text.size() > kMostTextBytes)
    grammar.fail({"the list is too long", base::human_bytes(static_cast<double>(text.size())),
                  base::cat("at most ", base::human_bytes(kMostTextBytes))});
  std::vector<ExprId> lines;
  size_t number = 0;
  for (size_t begin = 0, end; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (base::invalid_utf8(line) != std::string_view::npos) grammar.fail({base::cat("line ", number, " is not UTF-8")});
    if (!line.empty()) lines.push_back(grammar.bytes(line));
  }
  if (lines.empty()) grammar.fail({"the list of choices is empty", "", "one choice a line"});
  grammar.root = grammar.add_rule("the list");
  grammar.define(grammar.root, grammar.choice(std::move(lines)));
}

}  // namespace athanor::generate
