#pragma once
// What a decoder-only language model is, in numbers and kinds. A family file turns config.json into this; learn/nn builds it as
// layers with gradients, run/engine executes it over mapped weights. Neither knows a family's name. Which weights exist (biases,
// norms before or after a part) follows from the family's slots.

#include <cstdint>
#include <string>
#include <vector>

#include "athanor/core/base/activation_kind.h"

namespace athanor::models {

enum class NormKind { kRms, kLayer };
using Activation = base::ActivationKind;
enum class PositionKind { kNone, kLearned, kRope, kAlibi };

/// Rotary positions (Su et al. 2021). Frequencies are those of transformers' ROPE_INIT_FUNCTIONS for `scaling`.
struct RopeSpec {
  double theta = 10000.0;
  int64_t dims = 0;          // how many of a head's numbers rotate (even); the rest pass through
  bool interleaved = false;  // pairs (0,1)(2,3).. instead of (0,d/2)(1,d/2+1)..
  std::string scaling = {};  // "" none, or a row of rope_scalings()
  double factor = 1.0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;              // yarn
  double attention_factor = 0.0;                         // yarn, longrope; 0: computed from factor (and mscale)
  double mscale = 0.0, mscale_all_dim = 0.0;             // yarn as DeepSeek uses it; 0: absent
  bool truncate = true;                                  // yarn: whole-number correction range
  int64_t original_max_positions = 0;
  std::vector<float> short_factor = {}, long_factor = {};  // longrope [dims / 2]
};

/// Inverse frequencies [dims / 2] and the factor on cos and sin, for a sequence of `length` positions.
struct RopeFrequencies {
  std::vector<float> inverse;
  float attention_factor = 1.0f;
};
RopeFrequencies rope_frequencies(const RopeSpec& rope, int64_t max_positions, int64_t length);
/// Whether the frequencies change with the sequence's length ("dynamic", "longrope").
bool rope_depends_on_length(const RopeSpec& rope);

/// ALiBi (Press et al. 2022): head h adds -slope[h] * distance to its scores; slopes are powers of 2^(-8/n) for n = 2^k heads, and
/// those of twice as many, every other one, for the heads beyond.
std::vector<float> alibi_slopes(int64_t heads);

/// Which rotary angles a layer uses.
enum class LayerRope { kNone, kMain, kLocal };

/// What may differ from layer to layer.
struct LayerSpec {
  int64_t window = 0;  // positions that a query sees, its own included; 0: all before it
  LayerRope rope = LayerRope::kMain;
  bool experts = false;  // the feed-forward is a mixture of experts
};

/// Norms of queries and keys, before positions: none, each head by itself with the same weights (Qwen3) or with weights of its own
/// (StableLM 2 12B), or all heads as one row (OLMo 2).
enum class QkNorm { kNone, kHead, kEachHead, kWidth };

/// Mixture of experts (Shazeer et al. 2017; Jiang et al. 2024): a router scores all experts, `chosen` of them run, their sum is
/// weighted by their scores. Experts in `groups` (DeepSeek): the best `chosen_groups` groups are kept first.
struct ExpertsSpec {
  int64_t count = 0, chosen = 0;  // count 0: the model has no experts
  int64_t ffn = 0;                // inner width of one
  int64_t shared_ffn = 0;         // inner width of the experts that always run, together; 0: none
  bool sigmoid = false;           // scores are sigmoids of the router's outputs; else their softmax
  bool correction = false;        // a learned offset per expert helps to choose, but weighs nothing (DeepSeek-V3)
  bool normalized = false;        // the chosen weights are made to sum to one
  double scale = 1;               // on the weights
  int64_t groups = 1, chosen_groups = 1;
  int64_t group_best = 1;  // a group's score is the sum of that many of its best experts
};

/// Multi-head latent attention (DeepSeek-V2): keys and values are made from one low-rank row per token, which alone is cached; a
/// part of every key, shared by the heads, rotates.
struct LatentSpec {
  int64_t kv_rank = 0;                  // 0: ordinary attention
  int64_t q_rank = 0;                   // 0: queries come from the hidden state at once
  int64_t plain_dim = 0, rope_dim = 0;  // of a head's query and key: what does not turn, and what does
  double norm_eps = 1e-6;               // of the norms of both low-rank rows
};

/// Adaptive softmax (Grave et al. 2017): the head scores tokens below cutoffs[0] and one entry for each cluster of rarer ones;
/// cluster i, the tokens from cutoffs[i] to the next cutoff or the vocabulary's end, is scored through hidden / shrink^(i + 1)
/// numbers.
struct AdaptiveSpec {
  std::vector<int64_t> cutoffs = {};  // rising, below the vocabulary; empty: an ordinary head
  double shrink = 4;
  int64_t clusters() const { return static_cast<int64_t>(cutoffs.size()); }
};

struct DecoderSpec {
  int64_t vocab = 0, hidden = 0, layers = 0;      // V, C, L
  int64_t heads = 0, kv_heads = 0, head_dim = 0;  // H, G, D: heads % kv_heads == 0
  int64_t value_dim = 0;                          // of a head's value; 0: head_dim
  int64_t ffn = 0;                                // inner width of the feed-forward
  int64_t max_positions = 0;

  NormKind norm = NormKind::kRms;
  double norm_eps = 1e-5;
  double norm_offset = 0;  // added to every norm's stored weight (Gemma stores w - 1)
  QkNorm qk_norm = QkNorm::kNone;
  PositionKind position = PositionKind::kRope;
  RopeSpec rope, local_rope;  // local_rope: of the layers that say so
  Activation activation = Activation::kSilu;
  bool gated = true;               // down(act(gate(x)) * up(x)) instead of down(act(up(x)))
  bool fused_qkv = false;          // one weight holds q, k, v rows after one another
  bool qkv_by_group = false;       // ... for each key head: its queries, its key, its value
  bool fused_gate_up = false;      // one weight holds the rows of gate, then those of up
  bool parallel_residual = false;  // x + attention(norm x) + ffn(norm x) instead of one after the other
  bool shared_norm = false;        // ... with one norm for both
  bool tied_head = false;          // the head is the token embedding
  int64_t labels = 0;              // outputs of a classifier's score head, which has no other; 0: a language model

  double attention_scale = 0;  // on q.k; 0: 1 / sqrt(head_dim)
  double attention_cap = 0;    // scores become cap * tanh(score / cap); 0: as they are
  double alibi_scale = 1;      // on ALiBi's slopes
  double embedding_scale = 1;  // on the token's embedding
  double residual_scale = 1;   // on what a part adds to the stream
  double logit_scale = 1;      // on the head's outputs
  double logit_cap = 0;        // logits become cap * tanh(logit / cap); 0: as they are

  std::vector<LayerSpec> layer_specs;  // [layers], or empty: all layers are LayerSpec{}
  ExpertsSpec experts;
  LatentSpec latent;
  AdaptiveSpec adaptive;

  // Which biases exist follows from the family's slots; these say it for a new model.
  bool qkv_bias = false, out_bias = false, ffn_bias = false;

  // Dropout of the pretraining recipe (train mode only).
  double dropout = 0;

  // Initialisation: normal(0, init_std); residual projections (attention output, ffn down) use residual_init_std.
  double init_std = 0.02, residual_init_std = 0.02;

  LayerSpec layer(int64_t i) const { return layer_specs.empty() ? LayerSpec{} : layer_specs[static_cast<size_t>(i)]; }
  int64_t value_size() const { return value_dim ? value_dim : head_dim; }
  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
};

}  // namespace athanor::models
