// Supervised fine-tuning: next-token prediction on the answers of samples (Ouyang et al. 2022, arXiv:2203.02155, step 1). The loss
// is the mean over the learned tokens of the whole step, all micro-batches together, so that accumulation changes nothing; samples
// share rows and do not see each other. With train.neftune_alpha, noise on the embeddings (Jain et al. 2023, arXiv:2310.05914).
// Checked against transformers' loss and gradients on the same samples, padded, with -100 where nothing is learned.

#include "athanor/learn/train/batch_tensors.h"
#include "athanor/learn/train/sampled_objective.h"

namespace athanor::train {
namespace {

class Sft : public SampledObjective {
 public:
  explicit Sft(const ObjectiveContext& context) : SampledObjective(context, sample_rows(context)) {
    decoder().set_embedding_noise(context.recipe.train.neftune_alpha);
  }

 private:
  at::Tensor loss(const data::Batch& batch) override {
    const BatchTensors tensors = tensors_of(batch, decoder().options().device, false);
    return decoder().loss(tensors.input, tensors.targets);
  }
};

}  // namespace

std::unique_ptr<Objective> make_sft(const ObjectiveContext& context) { return std::make_unique<Sft>(context); }

}  // namespace athanor::train
