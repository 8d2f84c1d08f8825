#include "athanor/learn/train/sampled_objective.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "athanor/core/data/sample_packing.h"

namespace athanor::train {

SampledRows sample_rows(const ObjectiveContext& context) {
  const TrainOptions& o = context.recipe.train;
  data::SamplePackingOptions packing{.length = o.length,
                                     .batch = o.batch,
                                     .seed = static_cast<uint64_t>(o.seed),
                                     .pack = context.recipe.data.packing,
                                     .passes = context.data.report.passes};
  const auto train = std::make_shared<data::SampleSampler>(context.data.train, packing);
  SampledRows rows{[train](int64_t index) { return train->batch(index); }, train->rows_in_first_epoch(), {}, 0, 0};
  if (!context.data.eval) return rows;
  packing.shuffle = false, packing.passes = {};
  const auto held_out = std::make_shared<data::SampleSampler>(*context.data.eval, packing);
  const int64_t count = held_out->rows_in_first_epoch(), batch = o.batch;
  rows.held_out = [held_out, count, batch](int64_t index) {
    return held_out->first_epoch_rows(index * batch, std::min(batch, count - index * batch));
  };
  rows.held_out_batches = (count + batch - 1) / batch;
  rows.held_out_bytes = context.data.report.eval_bytes;
  return rows;
}

SampledObjective::SampledObjective(const ObjectiveContext& context, SampledRows rows)
    : decoder_(context.decoder),
      rows_(std::move(rows)),
      seed_(static_cast<uint64_t>(context.recipe.train.seed)),
      batch_rows_(context.recipe.train.batch) {}

Work SampledObjective::work(int64_t index) {
  auto batch = std::make_shared<data::Batch>(rows_.train(index));
  return {batch->target_count(), batch->batch * batch->length, [this, batch, index] {
            decoder_.train(seed_, static_cast<uint64_t>(index));
            return loss(*batch);
          }};
}

std::optional<Evaluation> SampledObjective::evaluate() {
  if (rows_.held_out_batches == 0) return std::nullopt;
  at::NoGradGuard no_grad;
  decoder_.eval();
  Evaluation result{0, 0, rows_.held_out_bytes};
  for (int64_t i = 0; i < rows_.held_out_batches; ++i) {
    const data::Batch batch = rows_.held_out(i);
    result.nats += held_out_loss(batch).item<double>();
    result.tokens += batch.target_count();
  }
  return result;
}

double SampledObjective::epochs_per_batch() const {
  return static_cast<double>(batch_rows_) / static_cast<double>(rows_.per_epoch);
}

}  // namespace athanor::train
