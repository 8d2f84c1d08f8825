#pragma once
// The differentiable functions that a decoder is made of. One interface, two ways: composed of ATen operators
// (functions_reference.cpp; any device, any float type) and our own CPU kernels with hand-written backward passes (fused/; f32 and
// bf16). functions.cpp chooses. Statistics, softmax and losses are f32 whatever the inputs are; results have the type of the first
// argument unless said otherwise. Shape letters: B batch, T time, C channels, H query heads, G key/value heads, D head size, V
// vocabulary, N rows.

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "athanor/core/models/decoder_spec.h"

namespace athanor::nn {

/// x weight^T + bias. x [.., in], weight [out, in], bias [out] or undefined, all of one type -> [.., out].
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

/// weight * x / sqrt(mean(x^2) + eps) over the last axis (Zhang and Sennrich 2019). x [.., C], weight [C] (f32 or x's type).
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// The residual stream's step: sum = x + delta (same shape and type) and rms_norm(sum).
struct AddedNorm {
  at::Tensor sum, normed;
};
AddedNorm add_rms_norm(const at::Tensor& x, const at::Tensor& delta, const at::Tensor& weight, double eps);

/// weight * (x - mean) / sqrt(var + eps) + bias over the last axis (Ba et al. 2016), biased variance. `bias` may be undefined.
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps);

at::Tensor activation(const at::Tensor& x, models::Activation kind);
/// activation(gate) * up, same shapes (SwiGLU's middle with kSilu, Shazeer 2020).
at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& up, models::Activation kind);

/// Rows of a word embedding: weight [V, C], ids [..] int32 or int64 -> [.., C]. Gradients of repeated ids add up in f32.
at::Tensor embedding(const at::Tensor& weight, const at::Tensor& ids);

/// Cosines and sines of rotary angles (Su et al. 2021), [positions, dims / 2] f32 each.
struct RotaryTable {
  at::Tensor cos, sin;
  bool interleaved = false;  // pairs (0,1)(2,3).. instead of (0,d/2)(1,d/2+1)..
};
/// Turns the first `dims` numbers of every head by its position's angles; the rest pass through. x [B, T, H, D], positions [B, T]
/// int32, each below the table's rows.
at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryTable& table);

enum class AttentionKind {
  kFused,  // our flash attention where it applies (no caps, no slopes, D at most 256), else as kSdpa
  kSdpa,   // ATen's scaled_dot_product_attention; kNaive where scores are capped
  kNaive,  // the formula, with all [T, T] scores in memory: the oracle of the other two
};
struct AttentionArgs {
  double scale = 0;      // on q.k, as it is (no default)
  at::Tensor row_start;  // [B, T] int32, 0 <= row_start[t] <= t; undefined: all 0
  AttentionKind kind = AttentionKind::kFused;
  double cap = 0;          // scores become cap * tanh(score / cap); 0: as they are
  at::Tensor slopes = {};  // [H] f32: head h adds slopes[h] * (j - t) to its scores (ALiBi, Press et al. 2022); undefined: nothing
};
/// Causal attention: position t sees keys j with row_start[t] <= j <= t. q [B, T, H, D], k [B, T, G, D], v [B, T, G, E] with
/// H % G == 0 (query head h uses key head h / (H / G)) -> [B, T, H, E]. A window is a row_start.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args);

/// Which numbers a dropout draws: a pure function of (seed, step, site, element), so that a backward pass or a resumed run replays
/// them.
struct DropoutKey {
  uint64_t seed = 0;
  uint64_t step = 0;  // different for every forward pass of a run (micro-batches too)
  uint32_t site = 0;  // different for every dropout of one forward pass
};
/// Whether dropout is on, and with which numbers: what a model shares with the layers that are put into it later.
struct DropoutState {
  bool on = false;
  DropoutKey key;
};
/// Element i (row-major) is zeroed where word i % 4 of philox_at(seed, step, kDropout, (site << 40) + i / 4) is below p * 2^32; the
/// others are multiplied by 1 / (1 - p). 0 <= p < 1.
at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key);

/// Logits that are alive at a time (32 MiB in bf16), unless that were fewer rows than make a quick product.
inline constexpr int64_t kBlockLogits = int64_t{1} << 24, kLeastLogitRows = 128;

/// Sum over rows of -log softmax(hidden . weight^T)[target]: f32 scalar. hidden [N, C], weight [V, C], targets [N] int32 on the
/// same device; rows with target -100 count nothing. Logits exist for a block of rows at a time only.
at::Tensor linear_cross_entropy(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets);

}  // namespace athanor::nn
