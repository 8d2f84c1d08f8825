#pragma once
// The engine as run/eval wants a model.

#include <memory>

#include "athanor/run/engine/engine.h"
#include "athanor/run/eval/eval.h"

namespace athanor::app {

class EngineScorer final : public eval::TokenScorer {
 public:
  explicit EngineScorer(std::shared_ptr<const engine::Model> model) : session_(std::move(model)), context_(session_.room()) {}
  std::vector<double> logprobs(std::span<const text::TokenId> ids, int64_t from) override;
  int64_t context() const override { return context_; }

 private:
  engine::Session session_;
  std::vector<text::TokenId> seen_;  // what two calls have in common at their front is read once
  int64_t context_;
};

}  // namespace athanor::app
