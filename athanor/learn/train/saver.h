#pragma once
// What a run writes: checkpoints to go on from, the best model so far, and at the end the model itself.

#include <filesystem>
#include <optional>

#include "athanor/learn/train/loop.h"

namespace athanor::train {

class Saver {
 public:
  Saver(const LoopParts& parts, const Optimizer& optimizer) : parts_(parts), optimizer_(optimizer) {}

  /// checkpoint-<step>: model.safetensors (f32 masters), optimizer.safetensors (its state and the average), trainer_state.json and
  /// the model's other files. Where an adapter learns it is an adapter folder with learned.safetensors: the masters and what else
  /// the adapter needs to go on. input_error where a weight is not finite.
  void save(const TrainerState& state);
  /// Restores weights, optimizer and average in place.
  TrainerState load(const std::filesystem::path& checkpoint);
  /// out/best: a model folder of the weights that would be saved now.
  void save_best();
  /// The run's folder becomes a model folder; from out/best where `best`.
  void save_final(bool best);

  std::optional<WeightAverage> average;

 private:
  void warn_of_full_disk() const;
  std::vector<NamedTensor> masters() const;
  std::vector<NamedTensor> results() const;  // the average, else the masters
  std::vector<NamedTensor> moments() const;
  std::vector<NamedTensor> learned() const;  // masters, and the adapter's state
  void expect_finite(const std::vector<NamedTensor>& tensors) const;
  void write_model(const std::filesystem::path& folder, const std::vector<NamedTensor>& tensors, std::string_view dtype) const;

  const LoopParts& parts_;
  const Optimizer& optimizer_;
};

}  // namespace athanor::train
