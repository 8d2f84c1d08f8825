#pragma once
// Numbers about models: a shelf of tasks over a model that says how likely each token of a text is.

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/options.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::eval {

/// What a task needs of a model. The program implements it with the engine; tests use tables.
class TokenScorer {
 public:
  virtual ~TokenScorer() = default;
  /// ln p(ids[i] | ids[0 .. i)) for every i from `from` (at least 1) on. At most context() + 1 ids.
  virtual std::vector<double> logprobs(std::span<const text::TokenId> ids, int64_t from) = 0;
  /// Tokens that the model sees at once.
  virtual int64_t context() const = 0;
};

struct EvalOptions {
  int64_t limit = 0;     // tokens (perplexity) or questions scored at most; 0: all
  int64_t window = 0;    // perplexity: tokens of a window, the scored ones included; 0: the context and one more
  int64_t stride = 0;    // perplexity: how far the next window goes on; 0: half a window
  bool add_bos = false;  // multiple-choice: every question begins with the bos token
  void visit(base::OptionVisitor& v);
};

struct EvalResult {
  double value = 0;
  std::vector<std::pair<const char*, double>> numbers;  // more of them, by name
  double number(std::string_view name) const;
};

struct TaskRow : base::Entry {
  /// `data`: the file's text, `source` its name for messages.
  EvalResult (*run)(TokenScorer& scorer, const text::Tokenizer& tokenizer, std::string_view data, std::string_view source,
                    const EvalOptions& options);
};

std::span<const TaskRow> tasks();
std::vector<base::Shelf> shelves();

}  // namespace athanor::eval
