#pragma once
// A loaded model as generation wants it: one sequence, branching ones, or one whose layers are read early.

#include <memory>

#include "athanor/run/engine/engine.h"

namespace athanor::engine {

class Decoding final : public generate::ModelScores {
 public:
  explicit Decoding(std::shared_ptr<const Model> model) : model_(std::move(model)) {}
  std::unique_ptr<generate::ScoreSource> sequence() const override;
  /// One cache for each sequence at a time. A sequence that goes on keeps its cache; another child of the same parent copies from
  /// the first token on in which its cache differs, so n beams over a shared prompt copy the prompt n - 1 times in all, and after
  /// that only what branches. Every step reads the weights once for all sequences.
  std::unique_ptr<generate::BranchingSource> branches() const override;
  std::unique_ptr<generate::LayeredSource> layered() const override;

 private:
  std::shared_ptr<const Model> model_;
};

}  // namespace athanor::engine
