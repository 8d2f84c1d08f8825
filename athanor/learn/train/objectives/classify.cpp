// Sequence classification on a decoder (Radford et al. 2018, section 3.2, in the form of transformers'
// ...ForSequenceClassification): scores [labels] = W h of the last token that is no padding, W without bias, and of one text
//   single_label_classification   -log softmax(scores)[label]
//   multi_label_classification    mean over labels of the binary cross-entropy of sigmoid(scores)
//   regression                    mean over numbers of (scores - number)^2
// The loss is the mean over the texts of a step, all micro-batches together. Texts share rows and do not see each other. Checked
// against transformers: loss, gradients and scores of padded batches, for each problem.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "athanor/core/data/label_counts.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/learn/train/batch_tensors.h"
#include "athanor/learn/train/objective.h"

namespace athanor::train {
namespace {

class Classify : public Objective {
 public:
  explicit Classify(const ObjectiveContext& context)
      : decoder_(context.decoder),
        options_(context.recipe.train),
        labels_(context.data.report.labels),
        sampler_(context.data.train, packing(context, true)),
        seed_(static_cast<uint64_t>(options_.seed)) {
    if (context.data.eval) held_out_.emplace(*context.data.eval, packing(context, false));
  }

  Work work(int64_t index) override {
    auto batch = std::make_shared<data::Batch>(sampler_.batch(index));
    return {batch->target_count(), batch->batch * batch->length, [this, batch, index] {
              decoder_.train(seed_, static_cast<uint64_t>(index));
              const Answers answers = answer(*batch);
              return loss(answers);
            }};
  }

  std::optional<Evaluation> evaluate() override {
    if (!held_out_) return std::nullopt;
    at::NoGradGuard no_grad;
    decoder_.eval();
    Evaluation result;
    data::LabelCounts counts(labels_.names);
    double absolute = 0;
    for (int64_t first = 0, rows = held_out_->rows_in_first_epoch(); first < rows; first += options_.batch) {
      const data::Batch batch = held_out_->first_epoch_rows(first, std::min(options_.batch, rows - first));
      const Answers answers = answer(batch);
      result.nats += loss(answers).item<double>();
      result.tokens += batch.target_count();
      count(answers, counts, absolute);
    }
    if (labels_.problem == "regression") {
      result.metrics = {{"mean_absolute_error", absolute / static_cast<double>(result.tokens)}};
      return result;
    }
    result.metrics = {{"accuracy", counts.accuracy()}, {"macro_f1", counts.macro_f1()}};
    result.table = counts.table();
    return result;
  }

  double epochs_per_batch() const override {
    return static_cast<double>(options_.batch) / static_cast<double>(sampler_.rows_in_first_epoch());
  }

 private:
  struct Answers {
    at::Tensor scores;           // [n, labels]
    std::vector<int32_t> codes;  // [n]: what each text is to be
  };

  static data::SamplePackingOptions packing(const ObjectiveContext& context, bool shuffle) {
    const TrainOptions& o = context.recipe.train;
    return {o.length, o.batch, static_cast<uint64_t>(o.seed), context.recipe.data.packing, shuffle};
  }

  int64_t label_count() const { return static_cast<int64_t>(labels_.names.size()); }
  bool single() const { return labels_.values.empty(); }

  Answers answer(const data::Batch& batch) {
    Answers answers;
    std::vector<int64_t> places;
    for (size_t i = 0; i < batch.targets.size(); ++i)
      if (batch.targets[i] != data::kNoTarget) places.push_back(static_cast<int64_t>(i)), answers.codes.push_back(batch.targets[i]);
    at::Tensor index = at::empty({static_cast<int64_t>(places.size())}, at::kLong);
    std::copy(places.begin(), places.end(), index.data_ptr<int64_t>());
    const at::Device device = decoder_.options().device;
    answers.scores = decoder_.label_scores(tensors_of(batch, device, false).input, index.to(device));
    return answers;
  }

  /// Sum over the texts.
  at::Tensor loss(const Answers& answers) const {
    const auto count = static_cast<int64_t>(answers.codes.size());
    if (single()) {
      at::Tensor classes = at::empty({count}, at::kLong);
      std::copy(answers.codes.begin(), answers.codes.end(), classes.data_ptr<int64_t>());
      return at::cross_entropy_loss(answers.scores, classes.to(answers.scores.device()), {}, at::Reduction::Sum);
    }
    at::Tensor wanted = at::zeros({count, label_count()}, at::kFloat);
    for (int64_t i = 0; i < count; ++i)
      std::copy_n(row(answers, i).data(), label_count(), wanted.data_ptr<float>() + i * label_count());
    wanted = wanted.to(answers.scores.device(), answers.scores.scalar_type());
    if (labels_.problem == "regression") return (answers.scores - wanted).square().sum() / static_cast<double>(label_count());
    return at::binary_cross_entropy_with_logits(answers.scores, wanted, {}, {}, at::Reduction::Sum) /
           static_cast<double>(label_count());
  }

  const std::vector<float>& row(const Answers& answers, int64_t text) const {
    return labels_.values.at(static_cast<size_t>(answers.codes[static_cast<size_t>(text)]));
  }

  void count(const Answers& answers, data::LabelCounts& counts, double& absolute) const {
    const at::Tensor scores = answers.scores.to(at::kCPU, at::kFloat).contiguous();
    for (int64_t i = 0; i < scores.size(0); ++i) {
      const float* given = scores.const_data_ptr<float>() + i * label_count();
      if (single()) {
        counts.add(answers.codes[static_cast<size_t>(i)], std::max_element(given, given + label_count()) - given);
        continue;
      }
      std::vector<bool> truth, answer;
      for (int64_t k = 0; k < label_count(); ++k) {
        const float wanted = row(answers, i)[static_cast<size_t>(k)];
        absolute += std::abs(static_cast<double>(given[k]) - wanted) / static_cast<double>(label_count());
        truth.push_back(wanted > 0.5f), answer.push_back(given[k] > 0);
      }
      if (labels_.problem != "regression") counts.add(truth, answer);
    }
  }

  nn::Decoder& decoder_;
  const TrainOptions& options_;
  const data::LabelTargets& labels_;
  data::SampleSampler sampler_;
  std::optional<data::SampleSampler> held_out_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Objective> make_classify(const ObjectiveContext& context) { return std::make_unique<Classify>(context); }

}  // namespace athanor::train
