#pragma once
// What GGUF calls the tensors of a DecoderSpec. Internal to the room.

#include <string>

#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

/// "blk.3.attn_q.weight"; "" where GGUF has no place for the slot. A slot with one weight per expert has one tensor of all of them,
/// one after the other.
std::string gguf_tensor_name(const GgufArchitecture& architecture, const DecoderSpec& spec, Slot slot, int64_t layer);
/// The same by the general table alone.
std::string gguf_tensor_name(Slot slot, int64_t layer);

/// The two halves of Slot::kKvUp: per head the plain keys [kv_rank, plain_dim] (turned over), and the values [value_dim, kv_rank].
struct LatentNames {
  std::string keys, values;
};
LatentNames gguf_latent_names(int64_t layer);

/// One weight per expert.
bool is_expert_slot(Slot slot);
/// Vectors that norms multiply by.
bool is_norm_slot(Slot slot);

}  // namespace athanor::models
