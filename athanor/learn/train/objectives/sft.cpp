// Supervised fine-tuning: next-token prediction on the answers of samples (Ouyang et al. 2022, arXiv:2203.02155, step 1). The loss
// is the mean over the learned tokens of the whole step, all micro-batches together, so that accumulation changes nothing; samples
// share rows and do not see each other. With train.neftune_alpha, noise on the embeddings (Jain et al. 2023, arXiv:2310.05914).
// Checked against transformers' loss and gradients on the same samples, padded, with -100 where nothing is learned.

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "athanor/core/data/sample_packing.h"
#include "athanor/learn/train/batch_tensors.h"
#include "athanor/learn/train/objective.h"

namespace athanor::train {
namespace {

class Sft : public Objective {
 public:
  explicit Sft(const ObjectiveContext& context)
      : decoder_(context.decoder),
        options_(context.recipe.train),
        sampler_(context.data.train, packing(context, true)),
        seed_(static_cast<uint64_t>(options_.seed)) {
    if (context.data.eval) held_out_.emplace(*context.data.eval, packing(context, false)), bytes_ = context.data.report.eval_bytes;
    decoder_.set_embedding_noise(options_.neftune_alpha);
  }

  Work work(int64_t index) override {
    auto batch = std::make_shared<data::Batch>(sampler_.batch(index));
    return {batch->target_count(), batch->batch * batch->length, [this, batch, index] {
              decoder_.train(seed_, static_cast<uint64_t>(index));
              return loss(*batch);
            }};
  }

  std::optional<Evaluation> evaluate() override {
    if (!held_out_) return std::nullopt;
    at::NoGradGuard no_grad;
    decoder_.eval();
    Evaluation result{0, 0, bytes_};
    const int64_t rows = held_out_->rows_in_first_epoch();
    for (int64_t first = 0; first < rows; first += options_.batch) {
      const data::Batch batch = held_out_->first_epoch_rows(first, std::min(options_.batch, rows - first));
      result.nats += loss(batch).item<double>();
      result.tokens += batch.target_count();
    }
    return result;
  }

  double epochs_per_batch() const override {
    return static_cast<double>(options_.batch) / static_cast<double>(sampler_.rows_in_first_epoch());
  }

 private:
  static data::SamplePackingOptions packing(const ObjectiveContext& context, bool shuffle) {
    const TrainOptions& o = context.recipe.train;
    return {o.length,
            o.batch,
            static_cast<uint64_t>(o.seed),
            context.recipe.data.packing,
            shuffle,
            shuffle ? context.data.report.passes : std::vector<int64_t>()};
  }

  at::Tensor loss(const data::Batch& batch) const {
    const BatchTensors tensors = tensors_of(batch, decoder_.options().device, false);
    return decoder_.loss(tensors.input, tensors.targets);
  }

  nn::Decoder& decoder_;
  const TrainOptions& options_;
  data::SampleSampler sampler_;
  std::optional<data::SampleSampler> held_out_;
  uint64_t seed_;
  int64_t bytes_ = 0;
};

}  // namespace

std::unique_ptr<Objective> make_sft(const ObjectiveContext& context) { return std::make_unique<Sft>(context); }

}  // namespace athanor::train
