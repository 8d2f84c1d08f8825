// Next-token prediction on packed text (Radford et al. 2018): the mean over all targets of -log p(token | what stands before it in
// its document). Held-out loss covers every token of the held-out text once. Checked against a PyTorch loop over the same batches.

#include "athanor/core/data/eval_windows.h"
#include "athanor/core/data/packing.h"
#include "athanor/learn/train/batch_tensors.h"
#include "athanor/learn/train/sampled_objective.h"

namespace athanor::train {
namespace {

SampledRows document_rows(const ObjectiveContext& context) {
  const TrainOptions& o = context.recipe.train;
  const data::DataOptions& d = context.recipe.data;
  const data::Delimiters delimiters = data::delimiters_of(context.tokenizer);
  const auto train = std::make_shared<data::PackedSampler>(
      context.data.train, data::PackingOptions{o.length, o.batch, static_cast<uint64_t>(o.seed), d.cross_documents, delimiters});
  SampledRows rows{[train](int64_t index) { return train->batch(index); }, train->rows_per_epoch(), {}, 0, 0};
  if (!context.data.eval) return rows;
  const auto windows = std::make_shared<data::EvalWindows>(*context.data.eval,
                                                           data::EvalOptions{o.length, o.batch, d.eval_overlap, delimiters.start});
  rows.held_out = [windows](int64_t index) { return windows->batch(index); };
  rows.held_out_batches = windows->batches();
  rows.held_out_bytes = windows->text_bytes();
  return rows;
}

class Pretrain : public SampledObjective {
 public:
  explicit Pretrain(const ObjectiveContext& context)
      : SampledObjective(context, document_rows(context)), crosses_(context.recipe.data.cross_documents) {}

 private:
  at::Tensor loss(const data::Batch& batch) override {
    const BatchTensors tensors = tensors_of(batch, decoder().options().device, crosses_);
    return decoder().loss(tensors.input, tensors.targets);
  }

  bool crosses_;
};

}  // namespace

std::unique_ptr<Objective> make_pretrain(const ObjectiveContext& context) { return std::make_unique<Pretrain>(context); }

}  // namespace athanor::train
