#pragma once
// The group `adapter` of a recipe: small added parts that learn while the model's own weights stay as they are.

#include <cstdint>
#include <string>
#include <vector>

#include "athanor/core/base/node.h"
#include "athanor/core/base/options.h"

namespace athanor::adapters {

struct AdapterOptions {
  std::string method = "none";  // a row of methods(), or none: every weight learns

  // lora, ia3: which layers
  std::vector<std::string> targets = {"all-linear"};
  std::vector<std::string> modules_to_save, feedforward;

  // lora
  int64_t r = 8;
  double alpha = 16, dropout = 0;
  std::string init = "kaiming", bias = "none";
  bool rslora = false, dora = false;
  double lora_plus = 1;
  base::Node rank_pattern, alpha_pattern;  // {name: number}

  // prompt-tuning, p-tuning, prefix-tuning
  int64_t virtual_tokens = 20;
  std::string prompt_init = "vocab", init_text;
  std::string encoder = "mlp";
  int64_t encoder_hidden = 0, encoder_layers = 2;
  bool projection = false;

  std::string quantize = "none";
  bool double_quant = true;

  bool on() const { return method != "none"; }
  void visit(base::OptionVisitor& v);
};

/// input_error that names every option whose value does not go with the others.
void check_options(const AdapterOptions& options);

/// A pattern's {name: number} as pairs; input_error where it is none, or a number is below `min`.
std::vector<std::pair<std::string, double>> pattern_of(const base::Node& node, const char* name, double min);

}  // namespace athanor::adapters
