#pragma once
// A folder in Hugging Face's layout: config.json, generation_config.json, weights, tokenizer files, and whatever else lies there.

#include <filesystem>
#include <string>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/checkpoint/safetensors.h"

namespace athanor::checkpoint {

struct ModelFolder {
  std::filesystem::path path;
  std::shared_ptr<base::Json> config;             // config.json as it is; unknown keys stay
  std::shared_ptr<base::Json> generation_config;  // null where absent
  Checkpoint weights;

  /// input_error where `path` is no model folder (with what is missing), file_error where something in it is broken.
  /// .bin/.pt/.pth weights are refused with the Python line that re-saves them: pickle is never read.
  static ModelFolder open(const std::filesystem::path& path);
};

struct WriteModelOptions {
  std::filesystem::path carry_from =
      {};                // a folder whose other files (tokenizer, templates, licences ...) are copied unchanged; empty: none
  bool replace = false;  // an existing target is replaced as a whole
  uint64_t shard_bytes = uint64_t{5} << 30;
};

/// Writes config.json (the dtype key set from the arrays), generation_config.json where given, the weights, and the carried files;
/// whole or not at all.
void write_model_folder(const std::filesystem::path& target, const base::Json& config, const base::Json* generation_config,
                        const std::vector<NamedArray>& arrays, const WriteModelOptions& options = {});

}  // namespace athanor::checkpoint
