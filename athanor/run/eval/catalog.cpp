#include "athanor/core/base/cat.h"
#include "athanor/run/eval/eval.h"
#include "athanor/run/eval/tasks/multiple_choice.h"
#include "athanor/run/eval/tasks/perplexity.h"

namespace athanor::eval {

std::span<const TaskRow> tasks() {
  static const TaskRow rows[] = {
      {{"perplexity", "what predicting a text costs, per token and per byte", "Jelinek et al. 1977", "tasks/perplexity.cpp"},
       perplexity},
      {{"multiple-choice", "how often the likeliest answer is the right one", "Gao et al. 2021, lm-evaluation-harness",
        "tasks/multiple_choice.cpp"},
       multiple_choice},
  };
  return rows;
}

std::vector<base::Shelf> shelves() {
  base::Shelf shelf = {"run/eval", "tasks", {}};
  for (const TaskRow& row : tasks()) shelf.entries.push_back(row);
  return {shelf};
}

void EvalOptions::visit(base::OptionVisitor& v) {
  v.integer("limit", limit, {"tokens (or questions) scored at most; 0: all", 0, 1e12});
  v.integer("window", window, {"perplexity: tokens seen at once; 0: the whole context", 0, 1 << 20, {"max_length"}});
  v.integer("stride", stride, {"perplexity: tokens that the next window goes on; 0: half a window", 0, 1 << 20});
  v.boolean("add_bos", add_bos, {.help = "multiple-choice: questions begin with the bos token", .other_names = {"add_bos_token"}});
}

double EvalResult::number(std::string_view name) const {
  for (const auto& [known, number] : numbers)
    if (name == known) return number;
  base::bug("eval.result", {"no such number", std::string(name)});
}

}  // namespace athanor::eval
