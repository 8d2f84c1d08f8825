#pragma once
// adapter_config.json of a LoRA adapter. Private to the room.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace athanor::models {

struct AdapterConfig {
  int64_t rank = 8;
  double alpha = 8;
  bool rslora = false, every_layer = true;
  std::vector<std::string> targets;  // empty: a pattern of PEFT's, which the file's own names stand for
  std::vector<std::pair<std::string, double>> ranks, alphas;

  int64_t rank_of(const std::string& module) const;
  /// alpha / r, or alpha / sqrt(r).
  double scale_of(const std::string& module) const;
};

/// PEFT's rule of names: the whole name of a module or its end.
bool names_module(const std::string& pattern, const std::string& module);

/// input_error where the adapter is of a kind that is not read, file_error where the file is broken.
AdapterConfig read_adapter_config(const std::filesystem::path& path);

}  // namespace athanor::models
