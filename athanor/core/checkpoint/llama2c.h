#pragma once
// The `.bin` files of llama2.c (karpathy, version 0): small Llamas in float32, seven numbers and the weights, without names.

#include <filesystem>
#include <memory>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/checkpoint/array.h"

namespace athanor::checkpoint {

/// The same model as a Hugging Face folder would hold it. Views live as long as `storage`.
struct Llama2cModel {
  std::shared_ptr<base::Json> config;  // config.json of a Llama
  std::vector<NamedArray> arrays;      // under Hugging Face's names, in its layout
  std::shared_ptr<const void> storage;
};

/// Throws file_error on anything that is not a whole version-0 file: sizes out of range, heads that do not divide, bytes missing or
/// left over.
Llama2cModel read_llama2c(const std::filesystem::path& path);

/// The reader behind it, for memory that the caller keeps alive (`storage` then holds only the converted arrays).
Llama2cModel parse_llama2c(std::span<const std::byte> bytes, std::string_view source);

/// Whether the file begins like one (seven plausible numbers), to tell it from a pickled `.bin`.
bool looks_like_llama2c(const std::filesystem::path& path);

}  // namespace athanor::checkpoint
