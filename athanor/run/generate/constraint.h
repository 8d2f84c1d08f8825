#pragma once
// What a generated text must look like: a closed list, a regular expression, a JSON schema or a grammar. All four become one kind
// of automaton over bytes (constraints/), which says before each token which ones may come.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {

class Grammar;

/// A front end of constraints/. Its name is also its flag: --json-schema.
struct ConstraintRow : base::Entry {
  void (*write)(Grammar& grammar, std::string_view text);
};
std::span<const ConstraintRow> constraints();

/// The lines of a list of choices but the empty ones, which do not count.
std::vector<std::string> choice_lines(std::string_view text);

class Constraint {
 public:
  /// `kind`: a row's name. `source`: the file that `text` is from, for messages; empty where the user typed it. The text ends with
  /// one of `end_ids`, which come nowhere else; special tokens never come. The tokenizer is not needed afterwards.
  /// Errors, with the place, on what is malformed, not supported or too large.
  Constraint(std::string_view kind, std::string_view text, std::string_view source, const text::Tokenizer& tokenizer,
             std::span<const text::TokenId> end_ids);
  ~Constraint();

  /// Forbids what may not follow the generated tokens. Steps of one constraint share its caches, also across threads; each follows
  /// any history, fastest one that grows. input_error where no token of the vocabulary can follow.
  std::unique_ptr<ScoreStep> step() const;

 private:
  class Step;
  struct Machinery;
  std::shared_ptr<Machinery> machinery_;
};

}  // namespace athanor::generate
