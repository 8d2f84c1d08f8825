#include "athanor/learn/train/objective.h"
#include "athanor/learn/train/optimizer.h"
#include "athanor/learn/train/regularizer.h"
#include "athanor/learn/train/schedule.h"

namespace athanor::train {

std::unique_ptr<Objective> make_classify(const ObjectiveContext& context);
std::unique_ptr<Objective> make_pretrain(const ObjectiveContext& context);
std::unique_ptr<Objective> make_sft(const ObjectiveContext& context);
std::unique_ptr<Optimizer> make_adafactor(const std::vector<Weight>& weights, const TrainOptions& options);
std::unique_ptr<Optimizer> make_adamw(const std::vector<Weight>& weights, const TrainOptions& options);
std::unique_ptr<Optimizer> make_adamw8bit(const std::vector<Weight>& weights, const TrainOptions& options);
std::unique_ptr<Optimizer> make_lion(const std::vector<Weight>& weights, const TrainOptions& options);
std::unique_ptr<Optimizer> make_muon(const std::vector<Weight>& weights, const TrainOptions& options);
std::unique_ptr<Optimizer> make_sgd(const std::vector<Weight>& weights, const TrainOptions& options);
std::unique_ptr<Regularizer> make_ewc(const RegularizerContext& context);
std::unique_ptr<Regularizer> make_l2_start(const RegularizerContext& context);
double constant_shape(double progress, const ScheduleOptions& options);
double cosine_shape(double progress, const ScheduleOptions& options);
double inverse_sqrt_shape(double progress, const ScheduleOptions& options);
double linear_shape(double progress, const ScheduleOptions& options);
double wsd_shape(double progress, const ScheduleOptions& options);

std::span<const ObjectiveKind> objectives() {
  static const ObjectiveKind rows[] = {
      {{"pretrain", "next-token prediction on packed text", "Radford et al. 2018", "objectives/pretrain.cpp"},
       Reads::kDocuments,
       make_pretrain},
      {{"sft", "supervised tuning: the answers of samples", "Ouyang et al. 2022, arXiv:2203.02155", "objectives/sft.cpp"},
       Reads::kSamples,
       make_sft},
      {{"classify", "which label a text has: a score head on its last token", "Radford et al. 2018", "objectives/classify.cpp"},
       Reads::kLabels,
       make_classify},
  };
  return rows;
}

std::span<const OptimizerMethod> optimizers() {
  static const OptimizerMethod rows[] = {
      {{"adafactor", "second moments by rows and columns, no first: the smallest state", "Shazeer and Stern 2018, arXiv:1804.04235",
        "optimizers/adafactor.cpp"},
       0.01,
       make_adafactor},
      {{"adamw", "Adam with decoupled weight decay", "Loshchilov and Hutter 2019, arXiv:1711.05101", "optimizers/adamw.cpp"},
       8,
       make_adamw},
      {{"adamw8bit", "AdamW with moments of eight bits: a quarter of its state", "Dettmers et al. 2022, arXiv:2110.02861",
        "optimizers/adamw8bit.cpp"},
       2.04,
       make_adamw8bit},
      {{"lion", "the sign of an interpolated momentum: half of AdamW's state", "Chen et al. 2023, arXiv:2302.06675",
        "optimizers/lion.cpp"},
       4,
       make_lion},
      {{"muon", "orthogonalized momentum for hidden matrices, AdamW for the rest",
        "Jordan et al. 2024, kellerjordan.github.io/posts/muon", "optimizers/muon.cpp"},
       4,
       make_muon},
      {{"sgd", "the gradient with momentum", "Sutskever et al. 2013", "optimizers/sgd.cpp"}, 4, make_sgd},
  };
  return rows;
}

std::span<const RegularizerKind> regularizers() {
  static const RegularizerKind rows[] = {
      {{"ewc", "holds back the weights that an old task depends on", "Kirkpatrick et al. 2017, arXiv:1612.00796",
        "regularizers/ewc.cpp"},
       make_ewc},
      {{"l2-start", "decay towards the weights of the start", "Li et al. 2018, arXiv:1802.01483", "regularizers/l2_start.cpp"},
       make_l2_start},
  };
  return rows;
}

std::span<const Schedule> schedules() {
  static const Schedule rows[] = {
      {{"constant", "the peak to the end", "", "schedules/constant.cpp"}, constant_shape},
      {{"cosine", "half a cosine down to min_lr", "Loshchilov and Hutter 2017, arXiv:1608.03983", "schedules/cosine.cpp"},
       cosine_shape},
      {{"inverse_sqrt", "falls with the root of the step, whatever the run's length", "Vaswani et al. 2017, arXiv:1706.03762",
        "schedules/inverse_sqrt.cpp"},
       inverse_sqrt_shape},
      {{"linear", "a straight line down to min_lr", "", "schedules/linear.cpp"}, linear_shape},
      {{"wsd", "the peak until the last part of the run, then down", "Hu et al. 2024, arXiv:2404.06395", "schedules/wsd.cpp"},
       wsd_shape},
  };
  return rows;
}

bool decays(const Weight& weight, const TrainOptions& options) {
  if (weight.kind == WeightKind::kVector) return false;
  return weight.kind != WeightKind::kEmbedding || options.decay_embeddings;
}

std::vector<base::Shelf> shelves() {
  base::Shelf objective{"learn/train", "objectives", {}}, optimizer{"learn/train", "optimizers", {}},
      regularizer{"learn/train", "regularizers", {}}, schedule{"learn/train", "schedules", {}};
  for (const auto& row : objectives()) objective.entries.push_back(row);
  for (const auto& row : optimizers()) optimizer.entries.push_back(row);
  for (const auto& row : regularizers()) regularizer.entries.push_back(row);
  for (const auto& row : schedules()) schedule.entries.push_back(row);
  return {objective, optimizer, regularizer, schedule};
}

}  // namespace athanor::train
