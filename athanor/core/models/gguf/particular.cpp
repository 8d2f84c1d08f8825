// Sources: llama.cpp's loaders (src/models) for what it takes for granted, its converter for what it writes.

#include "athanor/core/models/gguf/particular.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/models/config_reader.h"
#include "athanor/core/models/gguf/tensors.h"

namespace athanor::models {
namespace {

using base::Json;

/// llama.cpp scales Gemma's scores by the head's size, and in the two models of 27B by hidden size / heads.
void read_query_scale(Json& config, int64_t layers_of_27b) {
  const int64_t heads = std::max<int64_t>(1, config["num_attention_heads"].get<int64_t>());
  const int64_t each = config["hidden_size"].get<int64_t>() / heads;
  const bool large = config["num_hidden_layers"] == layers_of_27b;
  config["query_pre_attn_scalar"] = large || !config.contains("head_dim") ? Json(each) : config["head_dim"];
}

int64_t needed(const GgufContents& file, const std::string& key) {
  const auto value = file.metadata.integer(key);
  if (!value) file.metadata.refuse(key, "nothing", "a number");
  return *value;
}

}  // namespace

bool has_experts(const GgufContents& file) {
  return file.metadata.integer(file.metadata.text("general.architecture").value_or("") + ".expert_count").value_or(0) > 0;
}

bool has_window(const GgufContents& file) {
  return file.metadata.integer(file.metadata.text("general.architecture").value_or("") + ".attention.sliding_window").value_or(0) >
         0;
}

bool has_fused_qkv(const GgufContents& file) { return file.shape_of(gguf_tensor_name(Slot::kQkv, 0)) != nullptr; }

/// expert_gating_func 2; files from before that key have the correction that goes with it.
bool has_sigmoid_router(const GgufContents& file) {
  constexpr int64_t kSigmoid = 2;
  if (auto kind = file.metadata.integer("deepseek2.expert_gating_func")) return *kind == kSigmoid;
  const int64_t first = file.metadata.integer("deepseek2.leading_dense_block_count").value_or(0);
  return file.shape_of(gguf_tensor_name(Slot::kRouterCorrection, first)) != nullptr;
}

/// llama.cpp normalizes the chosen weights always, and every layer has experts.
void read_qwen3_moe(const GgufContents&, Json& config) {
  config.update({{"norm_topk_prob", true}, {"decoder_sparse_step", 1}, {"mlp_only_layers", Json::array()}});
}

void read_gemma2(const GgufContents&, Json& config) { read_query_scale(config, 46); }

void read_gemma3(const GgufContents& file, Json& config) {
  read_query_scale(config, 62);
  const float theta = file.metadata.number("gemma3.rope.freq_base_swa").value_or(10'000);
  const Json local = {{"rope_theta", std::stod(base::cat(theta))}, {"rope_type", "default"}};
  config["rope_parameters"] = {{"full_attention", config["rope_parameters"]}, {"sliding_attention", local}};
  config.erase("rope_theta");
  if (config.contains("sliding_window")) return;
  const int64_t layers = std::clamp<int64_t>(config["num_hidden_layers"].get<int64_t>(), 0, kMostLayers);
  config["sliding_window"] = nullptr;
  config["layer_types"] = std::vector<std::string>(static_cast<size_t>(layers), "full_attention");
}

void write_gemma3(const DecoderSpec& spec, checkpoint::GgufWriter& writer) {
  writer.number("gemma3.rope.freq_base_swa", static_cast<float>(spec.local_rope.theta));
}

/// Falcon-7B has one key head and one norm; those after it groups of key heads, and one norm or two.
void read_falcon(const GgufContents& file, Json& config) {
  const bool two = file.shape_of("blk.0.attn_norm_2.weight") != nullptr;
  const bool first = !two && config.value("num_kv_heads", int64_t{1}) == 1;
  config.update({{"alibi", false}, {"bias", false}, {"multi_query", true}, {"parallel_attn", true}});
  config["new_decoder_architecture"] = !first;
  if (!first) config["num_ln_in_parallel_attn"] = two ? 2 : 1;
}

void write_falcon(const DecoderSpec&, checkpoint::GgufWriter& writer) { writer.text("falcon.tensor_data_layout", "jploski"); }

/// Zhipu's own words: positions by rope_ratio.
void read_chatglm(const GgufContents&, Json& config) {
  config["padded_vocab_size"] = config["vocab_size"];
  config["rope_ratio"] = config["rope_theta"].get<double>() / 10'000;
  config.erase("rope_theta");
  config.erase("rope_parameters");
  config.update({{"multi_query_attention", true}, {"rmsnorm", true}, {"original_rope", true}, {"post_layer_norm", true}});
}

/// Files of llama.cpp before it multiplied keys into queries have no key_length_mla: key_length is a head's there.
void read_deepseek(const GgufContents& file, Json& config) {
  auto either = [&](const char* key, const char* older) {
    const std::string name = base::cat("deepseek2.", key);
    return file.metadata.integer(name) ? needed(file, name) : needed(file, base::cat("deepseek2.", older));
  };
  const int64_t turning = needed(file, "deepseek2.rope.dimension_count");
  config["qk_rope_head_dim"] = turning;
  config["qk_nope_head_dim"] = either("attention.key_length_mla", "attention.key_length") - turning;
  config["v_head_dim"] = either("attention.value_length_mla", "attention.value_length");
  config["num_key_value_heads"] = config["num_attention_heads"];
  if (!config.contains("q_lora_rank")) config["q_lora_rank"] = nullptr;
  config["n_shared_experts"] = file.metadata.integer("deepseek2.expert_shared_count").value_or(0);
  if (!has_sigmoid_router(file)) {
    const bool groups = config.value("n_group", int64_t{1}) > 1;
    config["topk_method"] = groups ? "group_limited_greedy" : "greedy";
  }
  // The key is a tenth of mscale_all_dim; mscale is the same number wherever it matters.
  Json& rope = config["rope_parameters"];
  if (auto tenth = file.metadata.number("deepseek2.rope.scaling.yarn_log_multiplier"); tenth && rope["rope_type"] == "yarn")
    rope["mscale"] = rope["mscale_all_dim"] = std::stod(base::cat(*tenth / 0.1f));
}

void write_deepseek(const DecoderSpec& spec, checkpoint::GgufWriter& writer) {
  const LatentSpec& latent = spec.latent;
  auto integer = [&](const char* key, int64_t value) {
    writer.integer(base::cat("deepseek2.", key), static_cast<uint32_t>(value));
  };
  // The cached row serves as key and value of the one key head that all heads share.
  integer("attention.head_count_kv", 1);
  integer("attention.key_length", latent.kv_rank + latent.rope_dim);
  integer("attention.value_length", latent.kv_rank);
  integer("attention.key_length_mla", spec.head_dim);
  integer("attention.value_length_mla", spec.value_size());
  integer("expert_shared_count", spec.experts.ffn ? spec.experts.shared_ffn / spec.experts.ffn : 0);
  integer("expert_gating_func", spec.experts.sigmoid ? 2 : 1);
  if (spec.rope.scaling == "yarn" && spec.rope.mscale_all_dim != 0)
    writer.number("deepseek2.rope.scaling.yarn_log_multiplier", static_cast<float>(0.1 * spec.rope.mscale_all_dim));
}

}  // namespace athanor::models
