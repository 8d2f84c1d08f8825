// Next-token prediction on packed text (Radford et al. 2018): the mean over all targets of -log p(token | what stands before it in
// its document). Held-out loss covers every token of the held-out text once. Checked against a PyTorch loop over the same batches.

#include <ATen/core/grad_mode.h>

#include "athanor/core/data/eval_windows.h"
#include "athanor/core/data/packing.h"
#include "athanor/learn/train/batch_tensors.h"
#include "athanor/learn/train/objective.h"

namespace athanor::train {
namespace {

class Pretrain : public Objective {
 public:
  explicit Pretrain(const ObjectiveContext& context)
      : decoder_(context.decoder),
        sampler_(context.data.train, packing_of(context)),
        seed_(static_cast<uint64_t>(context.recipe.train.seed)),
        batch_rows_(context.recipe.train.batch),
        crosses_(context.recipe.data.cross_documents) {
    if (!context.data.eval) return;
    const auto& o = context.recipe;
    windows_.emplace(*context.data.eval, data::EvalOptions{o.train.length, o.train.batch, o.data.eval_overlap,
                                                           data::delimiters_of(context.tokenizer).start});
  }

  Work work(int64_t index) override {
    auto batch = std::make_shared<data::Batch>(sampler_.batch(index));
    return {batch->target_count(), batch->batch * batch->length, [this, batch, index] {
              decoder_.train(seed_, static_cast<uint64_t>(index));
              BatchTensors tensors = tensors_of(*batch);
              return decoder_.loss(tensors.input, tensors.targets);
            }};
  }

  std::optional<Evaluation> evaluate() override {
    if (!windows_) return std::nullopt;
    at::NoGradGuard no_grad;
    decoder_.eval();
    Evaluation result{0, windows_->tokens(), windows_->text_bytes()};
    for (int64_t i = 0; i < windows_->batches(); ++i) {
      data::Batch batch = windows_->batch(i);
      BatchTensors tensors = tensors_of(batch);
      result.nats += decoder_.loss(tensors.input, tensors.targets).item<double>();
    }
    return result;
  }

  double epochs_per_batch() const override {
    return static_cast<double>(batch_rows_) / static_cast<double>(sampler_.rows_per_epoch());
  }

 private:
  static data::PackingOptions packing_of(const ObjectiveContext& context) {
    const TrainOptions& o = context.recipe.train;
    return {o.length, o.batch, static_cast<uint64_t>(o.seed), context.recipe.data.cross_documents,
            data::delimiters_of(context.tokenizer)};
  }

  BatchTensors tensors_of(const data::Batch& batch) const { return train::tensors_of(batch, decoder_.options().device, crosses_); }

  nn::Decoder& decoder_;
  data::PackedSampler sampler_;
  std::optional<data::EvalWindows> windows_;
  uint64_t seed_;
  int64_t batch_rows_;
  bool crosses_;
};

}  // namespace

std::unique_ptr<Objective> make_pretrain(const ObjectiveContext& context) { return std::make_unique<Pretrain>(context); }

}  // namespace athanor::train
