// OLMo 2 (OLMo team 2024, arXiv:2501.00656): Llama's parts, but norms stand behind attention and feed-forward instead of before
// them, x + norm(part(x)), and queries and keys are normalized over their whole width. Checked against transformers'
// Olmo2ForCausalLM.

#include <nlohmann/json.hpp>

#include "athanor/core/models/families/families.h"
#include "athanor/core/models/llama_shape.h"

namespace athanor::models {
namespace {

DecoderSpec read_olmo2(const ConfigReader& reader) {
  DecoderSpec spec = read_llama_shape(reader, {.eps = 1e-5});
  spec.qkv_bias = spec.out_bias = reader.boolean_or("attention_bias", false);
  spec.qk_norm = QkNorm::kWidth;
  return spec;
}

Slots olmo2_slots(const DecoderSpec& spec) {
  return joined({llama_frame(spec),
                 llama_attention(spec),
                 llama_ffn(spec),
                 {{Slot::kAttnPostNorm, "model.layers.{}.post_attention_layernorm.weight"},
                  {Slot::kFfnPostNorm, "model.layers.{}.post_feedforward_layernorm.weight"}}});
}

base::Json olmo2_defaults() { return llama_defaults({{"attention_bias", false}, {"rms_norm_eps", 1e-5}}); }

}  // namespace

Family olmo2_family() {
  return {{"olmo2", "norms behind each part, and on whole queries and keys", "arXiv:2501.00656", "families/olmo2.cpp"},
          "Olmo2ForCausalLM",
          "model.",
          read_olmo2,
          olmo2_slots,
          olmo2_defaults,
          {".rotary_emb.inv_freq"}};
}

}  // namespace athanor::models
