// Source: llama.cpp's converter and loaders, family by family.

#include "athanor/core/models/gguf/architectures.h"

#include "athanor/core/models/gguf/keys.h"
#include "athanor/core/models/gguf/particular.h"

namespace athanor::models {
namespace {

using Flags = std::vector<GgufArchitecture::Flag>;
using Words = std::vector<GgufArchitecture::Word>;
constexpr auto kHalves = GgufRotary::kHalves, kNeighbours = GgufRotary::kNeighbours;
constexpr auto kWhole = GgufTurns::kWhole, kPart = GgufTurns::kPart, kNothing = GgufTurns::kNothing;

/// Rows of llama.cpp's architecture "llama", which is several families of Hugging Face.
std::vector<GgufArchitecture> llamas(const Flags& attention, const Flags& both) {
  const Words experts = {{"expert_count", "num_local_experts"}, {"expert_used_count", "num_experts_per_tok"}};
  return {{.name = "llama", .model_type = "mixtral", .rotary = kNeighbours, .words = experts, .fits = has_experts},
          {.name = "llama", .model_type = "mistral", .rotary = kNeighbours, .fits = has_window},
          {.name = "llama", .model_type = "llama", .rotary = kNeighbours, .flags = both},
          {.name = "smollm3", .model_type = "smollm3", .rotary = kNeighbours, .flags = both},
          {.name = "granite",
           .model_type = "granite",
           .rotary = kNeighbours,
           .words = {{"attention.scale", "attention_multiplier"},
                     {"embedding_scale", "embedding_multiplier"},
                     {"residual_scale", "residual_multiplier"},
                     {"logit_scale", "logits_scaling"}},
           .flags = both},
          {.name = "qwen2", .model_type = "qwen2"},
          {.name = "qwen3", .model_type = "qwen3", .flags = attention},
          {.name = "qwen3moe",
           .model_type = "qwen3_moe",
           .words = {{"expert_count", "num_experts"},
                     {"expert_used_count", "num_experts_per_tok"},
                     {"expert_feed_forward_length", "moe_intermediate_size"}},
           .flags = attention,
           .read = read_qwen3_moe},
          {.name = "olmo2", .model_type = "olmo2", .flags = attention},
          {.name = "phi3", .model_type = "phi3", .turns = kPart},
          {.name = "starcoder2",
           .model_type = "starcoder2",
           .words = {{"attention.layer_norm_epsilon", "norm_epsilon"}},
           .flags = {{Slot::kUpBias, "use_bias"}}},
          {.name = "stablelm",
           .model_type = "stablelm",
           .turns = kPart,
           .words = {{"use_parallel_residual", "use_parallel_residual"}},
           .flags = {{Slot::kQBias, "use_qkv_bias"}, {Slot::kQNorm, "qk_layernorm"}}}};
}

std::vector<GgufArchitecture> gemmas(const Flags& attention) {
  return {{.name = "gemma2",
           .model_type = "gemma2",
           .words = {{"attn_logit_softcapping", "attn_logit_softcapping"}, {"final_logit_softcapping", "final_logit_softcapping"}},
           .flags = attention,
           .read = read_gemma2,
           .window_period = 2,
           .obeys_windows = true},
          {.name = "gemma3",
           .model_type = "gemma3_text",
           .words = {{"final_logit_softcapping", "final_logit_softcapping"}},
           .flags = attention,
           .read = read_gemma3,
           .write = write_gemma3,
           .window_period = 6,
           .obeys_windows = true}};
}

/// Families with a config.json in words of their own.
std::vector<GgufArchitecture> elders() {
  return {
      {.name = "gpt2",
       .model_type = "gpt2",
       .turns = kNothing,
       .words = {{"context_length", "n_positions"},
                 {"embedding_length", "n_embd"},
                 {"block_count", "n_layer"},
                 {"feed_forward_length", "n_inner"},
                 {"attention.head_count", "n_head"},
                 {"attention.head_count_kv", nullptr},
                 {"attention.key_length", nullptr},
                 {"attention.value_length", nullptr},
                 {"attention.layer_norm_epsilon", "layer_norm_epsilon"}}},
      {.name = "gptneox",
       .model_type = "gpt_neox",
       .turns = kPart,
       .words = {{"attention.head_count_kv", ""}, {"attention.key_length", ""}, {"use_parallel_residual", "use_parallel_residual"}},
       .flags = {{Slot::kQkvBias, "attention_bias"}}},
      {.name = "bloom",
       .model_type = "bloom",
       .turns = kNothing,
       .words = {{"context_length", "seq_length"},
                 {"block_count", "n_layer"},
                 {"feed_forward_length", ""},
                 {"attention.head_count", "n_head"},
                 {"attention.head_count_kv", ""},
                 {"attention.key_length", ""},
                 {"attention.layer_norm_epsilon", "layer_norm_epsilon"}}},
      {.name = "falcon",
       .model_type = "falcon",
       .words = {{"feed_forward_length", "ffn_hidden_size"},
                 {"attention.head_count_kv", "num_kv_heads"},
                 {"attention.key_length", ""},
                 {"attention.layer_norm_epsilon", "layer_norm_epsilon"}},
       .read = read_falcon,
       .write = write_falcon,
       .attn_norm = "attn_norm_2",
       .ffn_norm = "attn_norm"}};
}

std::vector<GgufArchitecture> glms(const Flags& attention) {
  return {{.name = "chatglm",
           .model_type = "chatglm",
           .turns = kPart,
           .words = {{"context_length", "seq_length"},
                     {"block_count", "num_layers"},
                     {"feed_forward_length", "ffn_hidden_size"},
                     {"attention.head_count_kv", "multi_query_group_num"},
                     {"attention.key_length", "kv_channels"},
                     {"attention.layer_norm_rms_epsilon", "layernorm_epsilon"}},
           .flags = {{Slot::kQkvBias, "add_qkv_bias"}},
           .fits = has_fused_qkv,
           .read = read_chatglm},
          {.name = "chatglm", .model_type = "glm", .turns = kPart, .flags = attention},
          {.name = "glm4", .model_type = "glm4", .turns = kPart, .flags = attention}};
}

std::vector<GgufArchitecture> deepseeks() {
  const Words words = {{"attention.head_count_kv", nullptr},
                       {"attention.key_length", nullptr},
                       {"attention.value_length", nullptr},
                       {"attention.q_lora_rank", "q_lora_rank"},
                       {"attention.kv_lora_rank", "kv_lora_rank"},
                       {"leading_dense_block_count", "first_k_dense_replace"},
                       {"expert_count", "n_routed_experts"},
                       {"expert_used_count", "num_experts_per_tok"},
                       {"expert_feed_forward_length", "moe_intermediate_size"},
                       {"expert_weights_scale", "routed_scaling_factor"},
                       {"expert_weights_norm", "norm_topk_prob"},
                       {"expert_group_count", "n_group"},
                       {"expert_group_used_count", "topk_group"}};
  GgufArchitecture third{.name = "deepseek2",
                         .model_type = "deepseek_v3",
                         .words = words,
                         .fits = has_sigmoid_router,
                         .read = read_deepseek,
                         .write = write_deepseek};
  GgufArchitecture second = third;
  second.model_type = "deepseek_v2";
  second.fits = nullptr;
  return {third, second};
}

std::vector<GgufArchitecture> all() {
  const Flags attention = {{Slot::kQBias, "attention_bias"}},
              both = {{Slot::kQBias, "attention_bias"}, {Slot::kUpBias, "mlp_bias"}};
  std::vector<GgufArchitecture> rows;
  for (const auto& part : {llamas(attention, both), gemmas(attention), elders(), glms(attention), deepseeks()})
    rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

}  // namespace

std::span<const GgufArchitecture> gguf_architectures() {
  static const std::vector<GgufArchitecture> kArchitectures = all();
  return kArchitectures;
}

const char* GgufArchitecture::word_of(const GgufKey& key) const {
  for (const Word& word : words)
    if (std::string_view(key.key) == word.key) return word.word;
  return key.word;
}

const char* GgufArchitecture::word_of(std::string_view key) const {
  for (const GgufKey& row : gguf_keys())
    if (key == row.key) return word_of(row);
  return nullptr;
}

}  // namespace athanor::models
