#include "athanor/learn/train/memory_estimate.h"

#include <algorithm>

#include "athanor/learn/train/optimizer.h"

namespace athanor::train {
namespace {

/// The program with libtorch mapped and its thread pool running, before any tensor; measured with torch 2.15.
constexpr double kProgramBytes = 140e6;
/// What comes and goes leaves gaps in the heap, and gradients find few gaps of their size among the activations that the backward
/// pass has freed. Fitted to fourteen shapes of up to 49 million parameters, all of which it meets within 6 %.
constexpr double kActivationGaps = 1.28;
constexpr double kGradientGaps = 1.17;
constexpr double kBlockLogits = 1 << 23;  // numbers: learn/nn makes logits for a block of rows at a time
constexpr double kLeastBlockRows = 256;

struct Sizes {
  double rows, bytes;  // B x T; bytes of a number in the type that computes
  double c, hd, gd, f, layers, vocab;
  bool gated, rms;
};

Sizes sizes_of(const models::DecoderSpec& spec, const TrainOptions& options) {
  return {static_cast<double>(options.batch * options.length),
          options.dtype == "bf16" ? 2.0 : 4.0,
          static_cast<double>(spec.hidden),
          static_cast<double>(spec.heads * spec.head_dim),
          static_cast<double>(spec.kv_heads * spec.head_dim),
          static_cast<double>(spec.ffn),
          static_cast<double>(spec.layers),
          static_cast<double>(spec.vocab),
          spec.gated,
          spec.norm == models::NormKind::kRms};
}

/// What one layer keeps for its backward pass: residual and norm output twice, rotated q, k, v, attention's output, and the
/// feed-forward's inner numbers; statistics of norms and softmax in f32.
double kept_by_layer(const Sizes& s, double heads) {
  double numbers = 4 * s.c + 2 * s.hd + 2 * s.gd + (s.gated ? 3 : 2) * s.f;
  return s.rows * (numbers * s.bytes + 4 * (heads + (s.rms ? 2 : 4)));
}

/// What the backward pass of one layer makes and drops again, the largest of it alive at once.
double passing_in_layer(const Sizes& s) { return s.rows * s.bytes * ((s.gated ? 3 : 2) * s.f + 2 * s.c); }

double head_work(const Sizes& s) {
  double rows = std::min(s.rows, std::max(kLeastBlockRows, kBlockLogits / s.vocab));
  return (rows * s.vocab + 2 * s.rows * s.c) * s.bytes;
}

}  // namespace

MemoryEstimate estimate_memory(const models::DecoderModel& model, const TrainOptions& options) {
  const Sizes s = sizes_of(model.spec, options);
  const double parameters = static_cast<double>(models::parameter_count(model));
  const bool narrow = options.dtype == "bf16";
  const double layer = kept_by_layer(s, static_cast<double>(model.spec.heads));
  const double inputs = s.rows * s.c * s.bytes;
  // Recomputed layers give their memory back at once (run.cpp), and what passes in one takes the place of what it kept.
  const double gaps = options.activation_checkpointing ? 1 : kActivationGaps;
  const double activations = (options.activation_checkpointing ? layer + s.layers * inputs : s.layers * layer) + 2 * inputs;
  const double work = std::max(head_work(s), options.activation_checkpointing ? 2 * inputs : passing_in_layer(s));

  MemoryEstimate estimate;
  estimate.parts = {
      {"program and libtorch", kProgramBytes},
      {"weights", parameters * s.bytes},
      {"f32 masters", narrow ? parameters * 4 : 0},
      {"optimizer moments", parameters * base::find_row(optimizers(), options.optimizer, "train.optimizer").state_bytes},
      {"averaged weights", options.ema > 0 ? parameters * 4 : 0},
      {"activations", gaps * activations},
      {"work of a layer or the head", gaps * work},
      {"gradients", kGradientGaps * parameters * s.bytes},
      {"accumulated gradients", options.accumulation > 1 ? kActivationGaps * parameters * 4 : 0}};
  for (const MemoryPart& part : estimate.parts) estimate.total += part.bytes;
  return estimate;
}

}  // namespace athanor::train
