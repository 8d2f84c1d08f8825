#pragma once
// adapter_config.json of PEFT, in numbers and names.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace athanor::models {

enum class AdapterKind { kLora, kIa3, kPromptTuning, kPTuning, kPrefixTuning };

struct AdapterConfig {
  AdapterKind kind = AdapterKind::kLora;
  int64_t rank = 8;
  double alpha = 8, dropout = 0;
  bool rslora = false, dora = false;
  bool every_layer = true;  // no layers are left out by name or number
  bool expression = false;  // target_modules is one expression for whole names
  std::vector<std::string> targets, feedforward, modules_to_save;
  std::vector<std::pair<std::string, double>> ranks, alphas;
  int64_t virtual_tokens = 0;
  std::string init;           // init_lora_weights where it is a word
  std::string four_bit_base;  // loftq on a base that is kept in four bits: "nf4" or "nf4-double-quant"
  std::string bias = "none";  // biases that learned too: none, all, or lora_only

  int64_t rank_of(const std::string& module) const;
  /// alpha / r, or alpha / sqrt(r).
  double scale_of(const std::string& module) const;
  bool targets_module(const std::string& module) const;
  bool is_feedforward(const std::string& module) const;
};

/// The word of peft_type.
const char* peft_type(AdapterKind kind);

/// `source` names the text in messages. input_error where the adapter is of a kind that is not read, file_error where it is broken.
AdapterConfig parse_adapter_config(std::string_view text, std::string_view source);
AdapterConfig read_adapter_config(const std::filesystem::path& path);

}  // namespace athanor::models
