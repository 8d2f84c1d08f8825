#pragma once
// What GGUF calls the things of a DecoderSpec: a table of keys, and one row per architecture for what is particular to it. Internal
// to the room.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/checkpoint/gguf_write.h"
#include "athanor/core/models/family.h"

namespace athanor::models {

/// A file as its keys and tensors: what is there to be read, or what is about to be written.
struct GgufContents {
  const checkpoint::GgufMetadata& metadata;
  std::function<const std::vector<int64_t>*(const std::string& name)> shape_of;  // row-major; nullptr: no such tensor
  std::function<std::vector<float>(const std::string& name)> values_of;          // of a tensor that is there
};

enum class GgufNumber { kWhole, kFraction, kTruth };

/// A number of the spec: "llama.embedding_length" in GGUF, "hidden_size" in config.json.
struct GgufKey {
  const char* key;   // behind the architecture's name and a point
  const char* word;  // in config.json; "": written, not read; nullptr: neither, but for architectures that name a word
  GgufNumber kind;
  bool needed;                                              // every model has it
  std::optional<double> (*value)(const DecoderSpec& spec);  // nullopt: not written
};
std::span<const GgufKey> gguf_keys();

/// Which way the rows of q and k lie within a head (rotary positions). Hugging Face turns row j with row j + d/2; llama.cpp's own
/// llama turns neighbours, so its converter puts row j at 2j and row j + d/2 at 2j + 1.
enum class GgufRotary { kHalves, kNeighbours };
/// How much of a head turns.
enum class GgufTurns { kNothing, kWhole, kPart };

struct GgufArchitecture {
  const char* name;        // general.architecture
  const char* model_type;  // of config.json
  GgufRotary rotary = GgufRotary::kHalves;
  GgufTurns turns = GgufTurns::kWhole;
  struct Word {
    const char *key, *word;
  };
  std::vector<Word> words = {};  // this family's words of config.json for keys of the table
  struct Flag {
    Slot slot;
    const char* word;
  };
  std::vector<Flag> flags = {};                              // truth values of config.json that say whether a tensor is there
  bool (*fits)(const GgufContents& file) = nullptr;          // of rows of one name, the first that fits is the file's
  void (*read)(const GgufContents&, base::Json&) = nullptr;  // what the tables do not say
  void (*write)(const DecoderSpec&, checkpoint::GgufWriter&) = nullptr;
  int64_t window_period = 0;        // without a list of layers, the last layer of every so many sees all positions; 0: none does
  bool obeys_windows = false;       // llama.cpp itself does
  const char* attn_norm = nullptr;  // tensors' names where each side of a parallel block has a norm of its own
  const char* ffn_norm = nullptr;

  const char* word_of(const GgufKey& key) const;
  const char* word_of(std::string_view key) const;
};
std::span<const GgufArchitecture> gguf_architectures();

}  // namespace athanor::models
