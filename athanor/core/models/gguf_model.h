#pragma once
// A model in a GGUF file <-> what a Hugging Face folder would hold: config.json, generation_config.json and arrays under Hugging
// Face's names in its layout. What each architecture is particular in lies in the tables of gguf/architectures.cpp.

#include <string_view>

#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/checkpoint/gguf_write.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/family.h"

namespace athanor::models {

struct GgufModel {
  checkpoint::GgufFile file;
  checkpoint::ModelFolder folder;  // `path` is the file. Arrays are mapped (blocks stay blocks); rows that had to move are copies
  DecoderModel decoder;            // slots as the arrays lie here: GGUF has no transposed matrices
};

/// input_error where the architecture is none of the table, file_error where a key or a tensor is missing or wrong.
GgufModel gguf_model(checkpoint::GgufFile file);
/// The same of a file on disk, or of all parts of a split one.
GgufModel open_gguf_model(const std::filesystem::path& path);

/// Every array as a folder stores it: transposed where the family's table says so. `dtype` F32, F16 or BF16 for all floating
/// arrays; nullopt keeps plain types and makes BF16 of blocks. `storage` keeps what was made.
std::vector<checkpoint::NamedArray> folder_arrays(const GgufModel& model, std::optional<base::DType> dtype,
                                                  std::vector<std::vector<std::byte>>& storage);

/// The names for --type, in the order of help: f32, f16, bf16, q8_0, q4_0, q4_k_m, q6_k.
std::vector<const char*> gguf_types();

/// Adds architecture, keys, tensors and file type of a model to `writer`; the tokenizer's keys are the caller's. `arrays` must live
/// until the file is written. input_error where the family has no GGUF architecture or `type` is none of gguf_types().
void add_gguf_model(const DecoderModel& model, const checkpoint::Checkpoint& arrays, std::string_view type,
                    checkpoint::GgufWriter& writer);

}  // namespace athanor::models
