#pragma once
// What GGUF calls the things of a DecoderSpec, in three tables: keys, tensors, and one row per architecture for what is particular
// to it. Internal to the room.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/models/family.h"

namespace athanor::models {

/// A number of the spec: "llama.embedding_length" in GGUF, "hidden_size" in config.json.
struct GgufKey {
  const char* key;                                          // behind the architecture's name and a point
  const char* word;                                         // in config.json, unless the architecture calls it otherwise
  bool whole;                                               // an integer
  bool needed;                                              // every model has it
  std::optional<double> (*value)(const DecoderSpec& spec);  // nullopt: not written
};
std::span<const GgufKey> gguf_keys();

/// "blk.3.attn_q.weight"; "" where GGUF has no place for the slot.
std::string gguf_tensor_name(Slot slot, int64_t layer);

/// Which way the rows of q and k lie within a head (rotary positions). Hugging Face turns row j with row j + d/2; llama.cpp's own
/// llama turns neighbours, so its converter puts row j at 2j and row j + d/2 at 2j + 1.
enum class GgufRotary { kHalves, kNeighbours };

struct GgufArchitecture {
  const char* name;        // general.architecture
  const char* model_type;  // of config.json; of two rows with one name the first is what files become
  GgufRotary rotary = GgufRotary::kHalves;
  struct Word {
    const char *key, *word;
  };
  std::vector<Word> words = {};  // this family's words of config.json for keys of the table
  struct Flag {
    Slot slot;
    const char* word;
  };
  std::vector<Flag> flags = {};  // truth values of config.json that say whether a tensor is there

  const char* word_of(const GgufKey& key) const;
};
std::span<const GgufArchitecture> gguf_architectures();

}  // namespace athanor::models
