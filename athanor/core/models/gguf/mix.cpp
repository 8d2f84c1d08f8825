// The choices are those of llama.cpp's llama-quantize, so that a file of ours is what its name says there:
//   - vectors, norms and learned positions stay F32;
//   - below 8 bits the output matrix is Q6_K;
//   - q4_k_m: the values' matrix and the one that leads down get Q6_K in the first and last eighth of the layers and in every third
//     between; one fused matrix of queries, keys and values gets Q5_K;
//   - a model of eight experts, Mixtral: keys and values Q8_0, and with q4_k_m attention's output Q5_K; routers stay F32
//   everywhere;
//   - rows that are no multiple of 256 take the next larger format with blocks of 32 (Q4_K: Q5_0, Q5_K: Q5_1, Q6_K: Q8_0), rows
//     that are none of 32 take F16.

#include "athanor/core/models/gguf/mix.h"

namespace athanor::models {
namespace {

bool more_bits(int64_t layer, int64_t layers) {
  const int64_t eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

bool is_matrix(Slot slot) {
  switch (slot) {
    case Slot::kTokenEmbedding:
    case Slot::kHead:
    case Slot::kQ:
    case Slot::kK:
    case Slot::kV:
    case Slot::kQkv:
    case Slot::kAttnOut:
    case Slot::kGate:
    case Slot::kUp:
    case Slot::kGateUp:
    case Slot::kDown:
    case Slot::kExpertGate:
    case Slot::kExpertUp:
    case Slot::kExpertDown:
    case Slot::kSharedGate:
    case Slot::kSharedUp:
    case Slot::kSharedDown:
    case Slot::kQDown:
    case Slot::kQUp:
    case Slot::kKvDown:
    case Slot::kKvUp:
      return true;
    default:
      return false;
  }
}

const char* wanted(const GgufMix& mix, const TensorPlace& place) {
  const std::string_view format = mix.format;
  if (format.starts_with("F") || format == "BF16" || format == "Q8_0") return mix.format;
  if (place.is_head) return "Q6_K";
  const bool eight = place.experts == 8;
  if (eight && (place.slot == Slot::kK || place.slot == Slot::kV)) return "Q8_0";
  if (!mix.more_for_some) return mix.format;
  if (place.slot == Slot::kQkv || (eight && place.slot == Slot::kAttnOut)) return "Q5_K";
  const bool leads_down = place.slot == Slot::kDown || place.slot == Slot::kExpertDown || place.slot == Slot::kSharedDown;
  if ((place.slot == Slot::kV || leads_down) && more_bits(place.layer, place.layers)) return "Q6_K";
  return mix.format;
}

}  // namespace

std::span<const GgufMix> gguf_mixes() {
  static constexpr GgufMix kMixes[] = {{"f32", "F32", 0},   {"f16", "F16", 1},   {"bf16", "BF16", 32},
                                       {"q8_0", "Q8_0", 7}, {"q4_0", "Q4_0", 2}, {"q4_k_m", "Q4_K", 15, true},
                                       {"q6_k", "Q6_K", 18}};
  return kMixes;
}

const checkpoint::BlockFormat& format_of(const GgufMix& mix, const TensorPlace& place) {
  if (!is_matrix(place.slot)) return checkpoint::block_format("F32");
  struct Step {
    std::string_view from;
    const char* to;
  };
  static constexpr Step kSteps[] = {{"Q4_K", "Q5_0"}, {"Q5_K", "Q5_1"}, {"Q6_K", "Q8_0"}};
  const checkpoint::BlockFormat* format = &checkpoint::block_format(wanted(mix, place));
  for (const Step& step : kSteps)
    if (format->name == step.from && place.columns % format->values != 0) format = &checkpoint::block_format(step.to);
  return place.columns % format->values == 0 ? *format : checkpoint::block_format("F16");
}

}  // namespace athanor::models
