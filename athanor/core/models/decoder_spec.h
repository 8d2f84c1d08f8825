#pragma once
// What a decoder-only language model is, in numbers and kinds. A family file turns config.json into this; learn/nn builds it as
// layers with gradients, run/engine executes it over mapped weights. Neither knows a family's name.

#include <cstdint>
#include <string>
#include <vector>

#include "athanor/core/base/activation_kind.h"

namespace athanor::models {

enum class NormKind { kRms, kLayer };
using Activation = base::ActivationKind;
enum class PositionKind { kNone, kLearned, kRope };

/// Rotary positions (Su et al. 2021). Frequencies are those of transformers' ROPE_INIT_FUNCTIONS for `scaling`.
struct RopeSpec {
  double theta = 10000.0;
  int64_t dims = 0;          // how many of a head's numbers rotate (even); the rest pass through
  bool interleaved = false;  // pairs (0,1)(2,3).. instead of (0,d/2)(1,d/2+1)..
  std::string scaling = {};  // "" none, "linear", "dynamic", "llama3", "yarn"
  double factor = 1.0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;              // yarn
  double attention_factor = 0.0;                         // yarn; 0: computed from factor (and mscale)
  double mscale = 0.0, mscale_all_dim = 0.0;             // yarn as DeepSeek uses it; 0: absent
  bool truncate = true;                                  // yarn: whole-number correction range
  int64_t original_max_positions = 0;
};

/// Inverse frequencies [dims / 2] and the factor on cos and sin, for a sequence of `length` positions ("dynamic" depends on it).
struct RopeFrequencies {
  std::vector<float> inverse;
  float attention_factor = 1.0f;
};
RopeFrequencies rope_frequencies(const RopeSpec& rope, int64_t max_positions, int64_t length);

struct DecoderSpec {
  int64_t vocab = 0, hidden = 0, layers = 0;      // V, C, L
  int64_t heads = 0, kv_heads = 0, head_dim = 0;  // H, G, D: heads % kv_heads == 0
  int64_t ffn = 0;                                // inner width of the feed-forward
  int64_t max_positions = 0;

  NormKind norm = NormKind::kRms;
  double norm_eps = 1e-5;
  PositionKind position = PositionKind::kRope;
  RopeSpec rope;
  Activation activation = Activation::kSilu;
  bool gated = true;           // down(act(gate(x)) * up(x)) instead of down(act(up(x)))
  bool fused_qkv = false;      // one weight holds q, k, v rows after one another
  bool tied_head = false;      // the head is the token embedding
  double attention_scale = 0;  // on q.k; 0: 1 / sqrt(head_dim)

  // Which biases exist follows from the family's slots; these say it for a new model.
  bool qkv_bias = false, out_bias = false, ffn_bias = false;

  // Dropout of the pretraining recipe (train mode only).
  double dropout = 0;

  // Initialisation: normal(0, init_std); residual projections (attention output, ffn down) use residual_init_std.
  double init_std = 0.02, residual_init_std = 0.02;
};

}  // namespace athanor::models
