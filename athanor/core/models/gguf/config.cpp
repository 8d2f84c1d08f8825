#include "athanor/core/models/gguf/config.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf/rope.h"
#include "athanor/core/models/gguf/tensors.h"
#include "athanor/core/models/gguf/windows.h"

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

const std::vector<int64_t>& embedding_of(const GgufContents& file) {
  const std::string name = gguf_tensor_name(Slot::kTokenEmbedding, 0);
  const std::vector<int64_t>* shape = file.shape_of(name);
  if (!shape || shape->size() != 2)
    base::file_error("models.gguf", {base::cat(file.metadata.source(), ": tensor ", name),
                                     shape ? checkpoint::shape_text(*shape) : "nothing", "a matrix of vocabulary and width"});
  return *shape;
}

void read_number(const GgufContents& file, const GgufKey& row, const std::string& key, base::Json& value) {
  if (row.kind == GgufNumber::kWhole) {
    if (auto whole = same_integer(file.metadata, key)) value = *whole;
  } else if (row.kind == GgufNumber::kTruth) {
    if (auto truth = file.metadata.boolean(key)) value = *truth;
  } else if (auto fraction = file.metadata.number(key)) {
    value = std::stod(base::cat(*fraction));  // 9.99999974e-06f is 1e-05
  }
}

void read_numbers(const GgufContents& file, const GgufArchitecture& architecture, Json& config) {
  for (const GgufKey& row : gguf_keys()) {
    const char* word = architecture.word_of(row);
    const std::string key = base::cat(architecture.name, ".", row.key);
    if (!word) continue;
    Json value;
    read_number(file, row, key, value);
    if (row.needed && value.is_null()) file.metadata.refuse(key, "nothing", "a number");
    if (*word && !value.is_null()) config[word] = std::move(value);
  }
}

/// The part of a head that gives back this many dimensions.
double part_of(int64_t dims, int64_t head) {
  double part = static_cast<double>(dims) / static_cast<double>(head);
  while (static_cast<int64_t>(part * static_cast<double>(head)) < dims) part = std::nextafter(part, 2.0);
  return part;
}

void read_rope(const GgufContents& file, const GgufArchitecture& architecture, Json& config) {
  const auto& metadata = file.metadata;
  auto at = [&](const char* key) { return config.at(architecture.word_of(key)).get<int64_t>(); };
  const int64_t count = at("attention.head_count");
  if (count < 1) metadata.refuse(base::cat(architecture.name, ".attention.head_count"), base::cat(count), "at least 1");
  const int64_t even = at("embedding_length") / count;
  const int64_t head = metadata.integer(base::cat(architecture.name, ".attention.key_length")).value_or(even);
  const int64_t dims = metadata.integer(base::cat(architecture.name, ".rope.dimension_count")).value_or(head);
  if (head < 1 || dims < 0 || dims > head)
    metadata.refuse(base::cat(architecture.name, ".rope.dimension_count"), base::cat(dims), base::cat("at most ", head));
  Json rope = rope_of_gguf(file, architecture.name, dims, at("context_length"));
  if (architecture.turns == GgufTurns::kPart) rope["partial_rotary_factor"] = part_of(dims, head);
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
  std::string_view last;
  for (const GgufArchitecture& row : gguf_architectures()) {
    if (last != row.name) list += base::cat(" ", row.name);
    last = row.name;
  }
  return list;
}

}  // namespace

GgufContents contents_of(const GgufFile& file) {
  return {file.metadata,
          [&file](const std::string& name) {
            const checkpoint::ArrayView* array = file.find(name);
            return array ? &array->shape : nullptr;
          },
          [&file](const std::string& name) { return to_f32(*file.find(name), name); }};
}

GgufContents contents_of(const checkpoint::GgufWriter& writer, const checkpoint::GgufMetadata& metadata) {
  return {metadata,
          [&writer](const std::string& name) {
            const checkpoint::GgufWriter::Tensor* tensor = writer.find(name);
            return tensor ? &tensor->shape : nullptr;
          },
          [&writer](const std::string& name) {
            const checkpoint::GgufWriter::Tensor& tensor = *writer.find(name);
            const std::vector<std::byte> bytes = tensor.make();
            return checkpoint::to_f32({tensor.format->plain.value_or(base::DType::kF32), tensor.shape, bytes,
                                       tensor.format->plain ? nullptr : tensor.format},
                                      name);
          }};
}

const GgufArchitecture& architecture_of(const GgufContents& file) {
  const std::string name = file.metadata.text("general.architecture").value_or("");
  if (name.empty()) file.metadata.refuse("general.architecture", "nothing", known_architectures());
  for (const GgufArchitecture& row : gguf_architectures())
    if (name == row.name && (!row.fits || row.fits(file))) return row;
  base::input_error("models.gguf",
                    {base::cat(file.metadata.source(), ": general.architecture is not supported"), name, known_architectures()});
}

const GgufArchitecture& architecture_of(const Family& family) {
  for (const GgufArchitecture& row : gguf_architectures())
    if (std::string_view(family.name) == row.model_type) return row;
  base::input_error("models.gguf", {"this family cannot be written as GGUF", family.name, known_architectures()});
}

Json config_of_gguf(const GgufContents& file, const GgufArchitecture& architecture) {
  Json config = {{"model_type", architecture.model_type}};
  config["architectures"] = {family_of(config).architecture};
  read_numbers(file, architecture, config);
  config["vocab_size"] = embedding_of(file)[0];  // more than there are tokens where rows are padding
  config["tie_word_embeddings"] = !file.shape_of(gguf_tensor_name(Slot::kHead, 0));
  for (const auto& flag : architecture.flags) config[flag.word] = file.shape_of(gguf_tensor_name(flag.slot, 0)) != nullptr;
  if (architecture.turns != GgufTurns::kNothing) read_rope(file, architecture, config);
  read_windows(file, architecture, config);
  if (architecture.read) architecture.read(file, config);
  for (const TokenWord& token : kTokens)
    if (auto id = file.metadata.integer(token.key)) config[token.word] = *id;
  return config;
}

Json generation_config_of_gguf(const checkpoint::GgufMetadata& metadata) {
  Json config = Json::object();
  for (const TokenWord& token : kTokens)
    if (auto id = metadata.integer(token.key)) config[token.word] = *id;
  // A chat's turn may end with a token of its own.
  auto turn = metadata.integer("tokenizer.ggml.eot_token_id");
  if (turn && config.contains("eos_token_id") && config["eos_token_id"] != *turn)
    config["eos_token_id"] = {config["eos_token_id"], *turn};
  return config;
}

void write_keys(const DecoderSpec& spec, const GgufArchitecture& architecture, checkpoint::GgufWriter& writer) {
  for (const GgufKey& row : gguf_keys()) {
    const std::optional<double> value = architecture.word_of(row) ? row.value(spec) : std::nullopt;
    if (!value) continue;
    const std::string key = base::cat(architecture.name, ".", row.key);
    if (row.kind == GgufNumber::kWhole)
      writer.integer(key, static_cast<uint32_t>(*value));
    else if (row.kind == GgufNumber::kTruth)
      writer.boolean(key, *value != 0);
    else
      writer.number(key, static_cast<float>(*value));
  }
  writer.integer(base::cat(architecture.name, ".vocab_size"), static_cast<uint32_t>(spec.vocab));
  write_rope(spec, architecture.name, writer);
  write_windows(spec, architecture, writer);
  if (architecture.write) architecture.write(spec, writer);
}

}  // namespace athanor::models
