#pragma once
// Questions of samples, written in other ways: answers are never touched, and what is learned is found after that. One way is one
// file in augmenting/ and one row in catalog.cpp; they run in the rows' order. All is a function of (seed, pass, file, line).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/options.h"
#include "athanor/core/base/philox.h"

namespace athanor::data {

struct Sample;

struct AugmentOptions {
  int64_t passes = 1;  // how often each sample is written; epoch e reads pass e modulo this
  int64_t seed = 0;
  std::vector<std::string> templates;                    // "Question: {{prompt}}"
  double typos = 0, drops = 0, swaps = 0, capitals = 0;  // of letters
  void visit(base::OptionVisitor& v);
};

/// Changes one text of a question.
using Rewrite = std::function<void(std::string& text, base::Philox& random)>;

struct AugmentMethod : base::Entry {
  bool first_only;  // of a dialogue, the first question as a whole; else every text of every question
  /// Null where the options leave it off; input_error where they cannot be followed.
  Rewrite (*make)(const AugmentOptions& options);
};

std::span<const AugmentMethod> augment_methods();

class Augmenter {
 public:
  explicit Augmenter(const AugmentOptions& options);
  /// Rewrites the questions of a sample that nothing else shares; texts without a question stay.
  void apply(Sample& sample, uint64_t draw) const;
  /// A number that only (seed, pass, file, line) decide.
  uint64_t draw(std::string_view file, int64_t line, int64_t pass) const;

 private:
  struct Step {
    bool first_only;
    Rewrite rewrite;
  };
  uint64_t seed_;
  std::vector<Step> steps_;
};

}  // namespace athanor::data
