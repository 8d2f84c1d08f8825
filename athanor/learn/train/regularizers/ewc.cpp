// Elastic weight consolidation (Kirkpatrick et al. 2017, "Overcoming catastrophic forgetting in neural networks", arXiv:1612.00796,
// equation 3): weights that the old task depends on are held back, the others are free.
//   penalty = s / 2 * sum_i F_i (w_i - w*_i)^2
// F is the diagonal of the Fisher information on the old task's text (fisher.h). It is measured once, at the start of the run, and
// kept in the run's folder as fisher.safetensors.

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/data/packing.h"
#include "athanor/learn/train/fisher.h"
#include "athanor/learn/train/regularizer.h"

namespace athanor::train {
namespace {

std::vector<NamedTensor> named(const RegularizerContext& context, const std::vector<at::Tensor>& values) {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < values.size(); ++i) tensors.emplace_back(context.weights[i].name, values[i]);
  return tensors;
}

std::vector<at::Tensor> measure(const RegularizerContext& context) {
  const RegularizerOptions& options = context.recipe.regularizer;
  data::DataOptions old;
  old.train = options.data, old.text_key = context.recipe.data.text_key, old.separator = context.recipe.data.separator;
  const data::PreparedData data = data::prepare_data(old, context.tokenizer, context.tokenizer_hash, context.folder / "data");
  const TrainOptions& train = context.recipe.train;
  const auto seed = static_cast<uint64_t>(train.seed);
  const data::PackedSampler sampler(data.train, {train.length, 1, seed, false, data::delimiters_of(context.tokenizer)});
  const Fisher fisher = diagonal_fisher(context.decoder, context.weights, [&](int64_t row) { return sampler.batch(row); },
                                        {options.rows, options.labels == "sampled", seed});
  base::log_info(base::cat("Fisher information of ", options.rows, " rows (", options.labels, " labels): trace ", fisher.trace));
  return fisher.diagonal;
}

}  // namespace

std::unique_ptr<Regularizer> make_ewc(const RegularizerContext& context) {
  if (context.recipe.regularizer.data.empty())
    base::input_error("train.regularizer", {"ewc needs text of the old task", "", "regularizer.data: [FILE]"});
  const std::filesystem::path file = context.folder / "fisher.safetensors";
  std::vector<at::Tensor> importance;
  if (context.fresh) {
    importance = measure(context);
    std::vector<at::Tensor> storage;
    checkpoint::write_safetensors(file, arrays_of(named(context, importance), at::kFloat, storage));
  } else {
    for (const Weight& weight : context.weights) importance.push_back(weight.master.clone());
    restore(named(context, importance), checkpoint::Checkpoint::open(file));
  }
  return pull_to_start(context, std::move(importance));
}

}  // namespace athanor::train
