// Sequence classification on a decoder (Radford et al. 2018, section 3.2, in the form of transformers'
// ...ForSequenceClassification): scores [labels] = W h of the last token that is no padding, W without bias, and of one text
//   single_label_classification   -log softmax(scores)[label]
//   multi_label_classification    mean over labels of the binary cross-entropy of sigmoid(scores)
//   regression                    mean over numbers of (scores - number)^2
// The loss is the mean over the texts of a step, all micro-batches together. Texts share rows and do not see each other. Checked
// against transformers: loss, gradients and scores of padded batches, for each problem.

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "athanor/core/data/label_counts.h"
#include "athanor/learn/train/batch_tensors.h"
#include "athanor/learn/train/sampled_objective.h"

namespace athanor::train {
namespace {

class Classify : public SampledObjective {
 public:
  explicit Classify(const ObjectiveContext& context)
      : SampledObjective(context, sample_rows(context)), labels_(context.data.report.labels), counts_(labels_.names) {}

  std::optional<Evaluation> evaluate() override {
    counts_ = data::LabelCounts(labels_.names), absolute_ = 0;
    std::optional<Evaluation> result = SampledObjective::evaluate();
    if (!result) return result;
    result->bytes = 0;
    if (labels_.problem == "regression") {
      result->metrics = {{"mean_absolute_error", absolute_ / static_cast<double>(result->tokens)}};
      return result;
    }
    result->metrics = {{"accuracy", counts_.accuracy()}, {"macro_f1", counts_.macro_f1()}};
    result->table = counts_.table();
    return result;
  }

 private:
  struct Answers {
    at::Tensor scores;           // [n, labels]
    std::vector<int32_t> codes;  // [n]: what each text is to be
  };

  int64_t label_count() const { return static_cast<int64_t>(labels_.names.size()); }
  bool single() const { return labels_.values.empty(); }

  at::Tensor loss(const data::Batch& batch) override { return loss_of(answer(batch)); }

  at::Tensor held_out_loss(const data::Batch& batch) override {
    const Answers answers = answer(batch);
    count(answers);
    return loss_of(answers);
  }

  Answers answer(const data::Batch& batch) const {
    Answers answers;
    std::vector<int64_t> places;
    for (size_t i = 0; i < batch.targets.size(); ++i)
      if (batch.targets[i] != data::kNoTarget) places.push_back(static_cast<int64_t>(i)), answers.codes.push_back(batch.targets[i]);
    at::Tensor index = at::empty({static_cast<int64_t>(places.size())}, at::kLong);
    std::copy(places.begin(), places.end(), index.data_ptr<int64_t>());
    const at::Device device = decoder().options().device;
    answers.scores = decoder().label_scores(tensors_of(batch, device, false).input, index.to(device));
    return answers;
  }

  /// Sum over the texts.
  at::Tensor loss_of(const Answers& answers) const {
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

  void count(const Answers& answers) {
    const at::Tensor scores = answers.scores.to(at::kCPU, at::kFloat).contiguous();
    for (int64_t i = 0; i < scores.size(0); ++i) {
      const float* given = scores.const_data_ptr<float>() + i * label_count();
      if (single()) {
        counts_.add(answers.codes[static_cast<size_t>(i)], std::max_element(given, given + label_count()) - given);
        continue;
      }
      std::vector<bool> truth, answer;
      for (int64_t k = 0; k < label_count(); ++k) {
        const float wanted = row(answers, i)[static_cast<size_t>(k)];
        absolute_ += std::abs(static_cast<double>(given[k]) - wanted) / static_cast<double>(label_count());
        truth.push_back(wanted > 0.5f), answer.push_back(given[k] > 0);
      }
      if (labels_.problem != "regression") counts_.add(truth, answer);
    }
  }

  const data::LabelTargets& labels_;
  data::LabelCounts counts_;  // of the evaluation that goes on
  double absolute_ = 0;
};

}  // namespace

std::unique_ptr<Objective> make_classify(const ObjectiveContext& context) { return std::make_unique<Classify>(context); }

}  // namespace athanor::train
