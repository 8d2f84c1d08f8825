#pragma once
// What is learned: an objective turns data and a model into losses. The loop knows nothing else. One objective is one file in
// objectives/ and one row in catalog.cpp.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::text {
class Tokenizer;
}

namespace athanor::train {

/// One micro-batch, ready to be computed.
struct Work {
  int64_t targets = 0;               // what its loss is a sum over
  int64_t tokens = 0;                // positions that are computed, for the rate
  std::function<at::Tensor()> loss;  // forward: the sum over targets (nats), a scalar that backward() starts from
};

/// Held-out text as a whole; of labelled texts, `tokens` counts them, and bytes are 0.
struct Evaluation {
  double nats = 0;  // sum of -log p
  int64_t tokens = 0, bytes = 0;
  /// "held-out loss 1.2, 0.9 bits per byte", or with the metrics in its place.
  std::string text() const;
  double loss() const { return nats / static_cast<double>(tokens); }  // nats per token
  std::vector<std::pair<std::string, double>> metrics = {};           // what else was measured: "accuracy", "macro_f1"
  std::string table = {};                                             // the same in words, line by line
  double nats_per_byte() const { return nats / static_cast<double>(bytes); }
  double bits_per_byte() const { return nats_per_byte() / 0.69314718055994530942; }
};

class Objective {
 public:
  virtual ~Objective() = default;
  /// The index-th micro-batch of the run: a pure function of (seed, index), so that a resumed run continues exactly.
  virtual Work work(int64_t index) = 0;
  /// nullopt where nothing is held out.
  virtual std::optional<Evaluation> evaluate() = 0;
  /// Part of an epoch that one micro-batch is.
  virtual double epochs_per_batch() const = 0;
};

struct ObjectiveContext {
  nn::Decoder& decoder;
  const text::Tokenizer& tokenizer;
  const data::PreparedData& data;
  const TrainRecipe& recipe;
};

enum class Reads { kDocuments, kSamples, kLabels };

struct ObjectiveKind : base::Entry {
  Reads reads;  // what data.train becomes: data::prepare_data, prepare_samples or prepare_labels
  std::unique_ptr<Objective> (*make)(const ObjectiveContext& context);
};

std::span<const ObjectiveKind> objectives();

/// What `athanor list` prints of this room.
std::vector<base::Shelf> shelves();

}  // namespace athanor::train
