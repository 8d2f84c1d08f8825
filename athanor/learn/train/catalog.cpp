#include "athanor/learn/train/objective.h"
#include "athanor/learn/train/optimizer.h"
#include "athanor/learn/train/schedule.h"

namespace athanor::train {

std::unique_ptr<Objective> make_pretrain(const ObjectiveContext& context);
std::unique_ptr<Objective> make_sft(const ObjectiveContext& context);
std::unique_ptr<Optimizer> make_adamw(const std::vector<Weight>& weights, const TrainOptions& options);
std::unique_ptr<Optimizer> make_muon(const std::vector<Weight>& weights, const TrainOptions& options);
double constant_shape(double progress, const ScheduleOptions& options);
double cosine_shape(double progress, const ScheduleOptions& options);
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
  };
  return rows;
}

std::span<const OptimizerMethod> optimizers() {
  static const OptimizerMethod rows[] = {
      {{"adamw", "Adam with decoupled weight decay", "Loshchilov and Hutter 2019, arXiv:1711.05101", "optimizers/adamw.cpp"},
       make_adamw},
      {{"muon", "orthogonalized momentum for hidden matrices, AdamW for the rest",
        "Jordan et al. 2024, kellerjordan.github.io/posts/muon", "optimizers/muon.cpp"},
       make_muon},
  };
  return rows;
}

std::span<const Schedule> schedules() {
  static const Schedule rows[] = {
      {{"constant", "the peak to the end", "", "schedules/constant.cpp"}, constant_shape},
      {{"cosine", "half a cosine down to min_lr", "Loshchilov and Hutter 2017, arXiv:1608.03983", "schedules/cosine.cpp"},
       cosine_shape},
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
      schedule{"learn/train", "schedules", {}};
  for (const auto& row : objectives()) objective.entries.push_back(row);
  for (const auto& row : optimizers()) optimizer.entries.push_back(row);
  for (const auto& row : schedules()) schedule.entries.push_back(row);
  return {objective, optimizer, schedule};
}

}  // namespace athanor::train
