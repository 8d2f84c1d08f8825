#pragma once
// What objectives have in common whose loss is a sum over sampled rows: how batches come, and how held-out ones are gone through.
// An objective of its own says what its rows are and what a batch's loss is.

#include <cstdint>
#include <functional>
#include <optional>

#include "athanor/core/data/batch.h"
#include "athanor/learn/train/objective.h"

namespace athanor::train {

/// Rows to learn from and those held out, batch by batch.
struct SampledRows {
  std::function<data::Batch(int64_t index)> train;  // a pure function of (seed, index)
  int64_t per_epoch = 0;                            // rows, of the first epoch where they differ
  std::function<data::Batch(int64_t index)> held_out;
  int64_t held_out_batches = 0;  // 0: nothing is held out
  int64_t held_out_bytes = 0;
};

/// Samples (or labelled texts) that share rows and do not see each other.
SampledRows sample_rows(const ObjectiveContext& context);

class SampledObjective : public Objective {
 public:
  Work work(int64_t index) final;
  std::optional<Evaluation> evaluate() override;
  double epochs_per_batch() const final;

 protected:
  SampledObjective(const ObjectiveContext& context, SampledRows rows);
  /// The sum over the batch's targets (nats).
  virtual at::Tensor loss(const data::Batch& batch) = 0;
  /// The same of a held-out batch, for an objective that measures more.
  virtual at::Tensor held_out_loss(const data::Batch& batch) { return loss(batch); }
  nn::Decoder& decoder() const { return decoder_; }

 private:
  nn::Decoder& decoder_;
  SampledRows rows_;
  uint64_t seed_;
  int64_t batch_rows_;
};

}  // namespace athanor::train
