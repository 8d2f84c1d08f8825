#include "athanor/core/models/gguf/config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf/rope.h"

namespace athanor::models {
namespace {

using base::Json;
using checkpoint::GgufFile;

/// A number, or an array with one and the same for every layer.
std::optional<int64_t> same_integer(const checkpoint::GgufMetadata& metadata, const std::string& key) {
  const auto* value = metadata.find(key);
  if (!value || !value->is_array) return metadata.integer(key);
  const std::vector<int64_t> numbers = *metadata.integers(key);
  if (numbers.empty() || std::any_of(numbers.begin(), numbers.end(), [&](int64_t n) { return n != numbers.front(); }))
    metadata.refuse(key, "layers that differ", "one number for all layers");
  return numbers.front();
}

const checkpoint::ArrayView& embedding_of(const GgufFile& file) {
  const std::string name = gguf_tensor_name(Slot::kTokenEmbedding, 0);
  const checkpoint::ArrayView* array = file.find(name);
  if (!array || array->shape.size() != 2)
    base::file_error("models.gguf", {base::cat(file.path.string(), ": tensor ", name),
                                     array ? checkpoint::shape_text(array->shape) : "nothing", "a matrix of vocabulary and width"});
  return *array;
}

void read_numbers(const GgufFile& file, const GgufArchitecture& architecture, Json& config) {
  for (const GgufKey& row : gguf_keys()) {
    const char* word = architecture.word_of(row);
    const std::string key = base::cat(architecture.name, ".", row.key);
    if (!word) continue;
    if (row.whole) {
      if (auto value = same_integer(file.metadata, key)) config[word] = *value;
    } else if (auto value = file.metadata.number(key)) {
      config[word] = std::stod(base::cat(*value));  // 9.99999974e-06f is 1e-05
    }
    if (row.needed && !config.contains(word)) file.metadata.refuse(key, "nothing", "a number");
  }
}

void read_rope(const GgufFile& file, const GgufArchitecture& architecture, Json& config) {
  auto word = [&](const char* key) {
    for (const GgufKey& row : gguf_keys())
      if (std::string_view(row.key) == key) return architecture.word_of(row);
    return static_cast<const char*>(nullptr);
  };
  const char *heads = word("attention.head_count"), *size = word("attention.key_length"), *width = word("embedding_length");
  const auto count = config[heads].get<int64_t>();
  if (count < 1) file.metadata.refuse(base::cat(architecture.name, ".attention.head_count"), base::cat(count), "at least 1");
  const int64_t head = size && config.contains(size) ? config[size].get<int64_t>() : config[width].get<int64_t>() / count;
  const int64_t dims = file.metadata.integer(base::cat(architecture.name, ".rope.dimension_count")).value_or(head);
  Json rope = rope_of_gguf(file, architecture.name, dims, config[word("context_length")].get<int64_t>());
  if (dims != head) rope["partial_rotary_factor"] = static_cast<double>(dims) / static_cast<double>(head);
  config["rope_theta"] = rope["rope_theta"];
  config["rope_parameters"] = std::move(rope);
}

struct TokenWord {
  const char *key, *word;
};
constexpr TokenWord kTokens[] = {{"tokenizer.ggml.bos_token_id", "bos_token_id"},
                                 {"tokenizer.ggml.eos_token_id", "eos_token_id"},
                                 {"tokenizer.ggml.padding_token_id", "pad_token_id"}};

std::string known_architectures() {
  std::string list = "one of";
  for (const GgufArchitecture& row : gguf_architectures()) list += base::cat(" ", row.name);
  return list;
}

}  // namespace

const GgufArchitecture& architecture_of(const GgufFile& file) {
  const std::string name = file.metadata.text("general.architecture").value_or("");
  if (name.empty()) file.metadata.refuse("general.architecture", "nothing", known_architectures());
  for (const GgufArchitecture& row : gguf_architectures())
    if (name == row.name) return row;
  base::input_error("models.gguf",
                    {base::cat(file.path.string(), ": general.architecture is not supported"), name, known_architectures()});
}

const GgufArchitecture& architecture_of(const Family& family) {
  for (const GgufArchitecture& row : gguf_architectures())
    if (std::string_view(family.name) == row.model_type) return row;
  base::input_error("models.gguf", {"this family cannot be written as GGUF", family.name, known_architectures()});
}

Json config_of_gguf(const GgufFile& file, const GgufArchitecture& architecture) {
  Json config = {{"model_type", architecture.model_type}};
  config["architectures"] = {family_of(config).architecture};
  read_numbers(file, architecture, config);
  config["vocab_size"] = embedding_of(file).shape[0];  // more than there are tokens where rows are padding
  config["tie_word_embeddings"] = !file.find(gguf_tensor_name(Slot::kHead, 0));
  for (const auto& flag : architecture.flags) config[flag.word] = file.find(gguf_tensor_name(flag.slot, 0)) != nullptr;
  if (!file.find(gguf_tensor_name(Slot::kPositionEmbedding, 0))) read_rope(file, architecture, config);
  for (const TokenWord& token : kTokens)
    if (auto id = file.metadata.integer(token.key)) config[token.word] = *id;
  return config;
}

Json generation_config_of_gguf(const GgufFile& file) {
  Json config = Json::object();
  for (const TokenWord& token : kTokens)
    if (auto id = file.metadata.integer(token.key)) config[token.word] = *id;
  // A chat's turn may end with a token of its own.
  auto turn = file.metadata.integer("tokenizer.ggml.eot_token_id");
  if (turn && config.contains("eos_token_id") && config["eos_token_id"] != *turn)
    config["eos_token_id"] = {config["eos_token_id"], *turn};
  return config;
}

void write_keys(const DecoderSpec& spec, const GgufArchitecture& architecture, checkpoint::GgufWriter& writer) {
  for (const GgufKey& row : gguf_keys()) {
    const std::optional<double> value = architecture.word_of(row) ? row.value(spec) : std::nullopt;
    if (!value) continue;
    const std::string key = base::cat(architecture.name, ".", row.key);
    if (row.whole)
      writer.integer(key, static_cast<uint32_t>(*value));
    else
      writer.number(key, static_cast<float>(*value));
  }
  writer.integer(base::cat(architecture.name, ".vocab_size"), static_cast<uint32_t>(spec.vocab));
  write_rope(spec, architecture.name, writer);
}

}  // namespace athanor::models
