// PEFT's folders into a model that learns. Every key of the file has its place, and every place its key.

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/models/adapter_config.h"
#include "athanor/learn/adapters/adapter.h"
#include "athanor/learn/adapters/soft_tokens.h"
#include "athanor/learn/adapters/targets.h"
#include "athanor/learn/nn/arrays.h"

namespace athanor::adapters {
namespace {

namespace fs = std::filesystem;
constexpr const char* kLoadWhere = "adapters.load";
constexpr std::string_view kPrefix = "base_model.model.";

base::Node pattern_node(const std::vector<std::pair<std::string, double>>& pattern) {
  base::Node node;
  node.kind = base::Node::Kind::kMap;
  for (const auto& [key, number] : pattern) {
    base::Node value;
    value.kind = base::Node::Kind::kScalar, value.scalar = base::cat(number);
    node.members.push_back({key, value});
  }
  return node;
}

/// PEFT takes every module whose path ends with the word, in the middle of a name too.
std::vector<std::string> saved_modules(nn::Decoder& decoder, const std::vector<std::string>& words) {
  std::vector<std::string> paths;
  decoder.walk([&](const std::string& path, nn::Module&) {
    if (std::any_of(words.begin(), words.end(), [&](const std::string& word) { return !path.empty() && path.ends_with(word); }))
      paths.push_back(path);
  });
  return paths.empty() ? words : paths;
}

AdapterOptions options_of(nn::Decoder& decoder, const models::AdapterConfig& c, const std::string& folder) {
  if (!c.every_layer)
    base::input_error(kLoadWhere, {folder + ": an adapter of some layers only", "layers_to_transform or exclude_modules",
                                   "target_modules alone", "athanor merge puts it into the weights"});
  for (const char* changed : {"pissa", "olora", "corda", "loftq", "lora_ga"})
    if (c.init.starts_with(changed) && c.four_bit_base.empty())
      base::input_error(kLoadWhere, {folder + ": its base weights were changed when it was made", c.init, "true or gaussian"});
  AdapterOptions o;
  o.method = c.kind == models::AdapterKind::kIa3 ? "ia3" : "lora";
  o.targets = c.targets, o.feedforward = c.feedforward, o.modules_to_save = saved_modules(decoder, c.modules_to_save);
  o.r = c.rank, o.alpha = c.alpha, o.dropout = c.dropout, o.rslora = c.rslora, o.dora = c.dora;
  if (!c.four_bit_base.empty()) o.init = "loftq", o.quantize = "nf4", o.double_quant = c.four_bit_base != "nf4";
  o.bias = o.method == "lora" ? c.bias : "none";
  o.rank_pattern = pattern_node(c.ranks), o.alpha_pattern = pattern_node(c.alphas);
  return o;
}

[[noreturn]] void bad_shape(const fs::path& file, const std::string& key, const std::vector<int64_t>& got,
                            at::IntArrayRef expected) {
  base::file_error(kLoadWhere, {base::cat(file.string(), ": \"", key, "\" has another shape than this model needs"),
                                checkpoint::shape_text(got), checkpoint::shape_text(expected.vec())});
}

/// A key of no added part: a bias or a module that was saved whole.
void take_whole(nn::Decoder& decoder, const std::string& key, const checkpoint::ArrayView& array, const fs::path& file) {
  for (auto& [name, parameter] : decoder.named_parameters()) {
    std::string plain = name;
    if (const size_t at = plain.find("base_layer."); at != plain.npos) plain.erase(at, 11);
    const std::string bare = key.starts_with(kPrefix) ? key.substr(kPrefix.size()) : "";
    if (bare != name && bare != plain) continue;
    if (parameter->sizes() != at::IntArrayRef(array.shape)) bad_shape(file, key, array.shape, parameter->sizes());
    parameter->detach().copy_(nn::tensor_over(array));
    return;
  }
  base::file_error(kLoadWhere,
                   {file.string() + ": the model has no place for a key", key, std::string(kPrefix) + "... of this model"});
}

void fill(nn::Decoder& decoder, const Adapter& adapter, const checkpoint::Checkpoint& arrays, const fs::path& file) {
  at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> places;
  std::vector<NamedTensor> learned;
  for (auto& [name, parameter] : decoder.named_parameters())
    if (parameter->requires_grad()) learned.emplace_back(name, parameter->detach());
  for (auto& [key, value] : adapter.arrays(learned)) places.emplace(key, value);  // views of the parameters
  for (const auto& [key, place] : places) {
    const checkpoint::ArrayView* array = arrays.find(key);
    if (!array)
      base::file_error(kLoadWhere,
                       {file.string() + ": a key is missing", key, "an array for every layer that target_modules names"});
    if (place.sizes() != at::IntArrayRef(array->shape)) bad_shape(file, key, array->shape, place.sizes());
    at::Tensor(place).copy_(nn::tensor_over(*array));
  }
  for (const checkpoint::NamedArray& array : arrays.arrays())
    if (!places.contains(array.name)) take_whole(decoder, array.name, array.array, file);
}

std::unique_ptr<Adapter> load_soft(nn::Decoder& decoder, const models::AdapterConfig& c, const checkpoint::Checkpoint& arrays,
                                   const fs::path& file) {
  const models::DecoderSpec& spec = decoder.model().spec;
  const bool prefix = c.kind == models::AdapterKind::kPrefixTuning;
  check_soft(decoder, c.virtual_tokens, prefix);
  const int64_t width = prefix ? 2 * spec.layers * spec.kv_heads * spec.head_dim : spec.hidden;
  for (const checkpoint::NamedArray& array : arrays.arrays())
    if (array.name != "prompt_embeddings")
      base::file_error(kLoadWhere, {file.string() + ": the model has no place for a key", array.name, "prompt_embeddings alone"});
  const checkpoint::ArrayView& values = arrays.at("prompt_embeddings");
  if (const std::vector<int64_t> shape = {c.virtual_tokens, width}; values.shape != shape)
    bad_shape(file, "prompt_embeddings", values.shape, shape);
  AdapterOptions options;
  options.method = prefix ? "prefix-tuning" : "prompt-tuning";
  options.virtual_tokens = c.virtual_tokens;
  const at::Tensor own = learning(decoder, nn::tensor_over(values).to(at::kFloat).clone());
  const int64_t heads = prefix ? spec.kv_heads : 0, dim = prefix ? spec.head_dim : 0;
  return std::make_unique<SoftAdapter>(
      AdapterContext{decoder, options}, std::make_unique<PlainTokens>(own, heads, dim),
      soft_config(decoder, models::peft_type(c.kind), c.virtual_tokens, prefix ? spec.kv_heads * spec.head_dim : spec.hidden,
                  prefix ? spec.kv_heads : spec.heads));
}

}  // namespace

std::unique_ptr<Adapter> load_adapter(nn::Decoder& decoder, const fs::path& folder) {
  const models::AdapterConfig config = models::read_adapter_config(folder / "adapter_config.json");
  const fs::path file = folder / "adapter_model.safetensors";
  const checkpoint::Checkpoint arrays = checkpoint::Checkpoint::open(file);
  if (config.kind != models::AdapterKind::kLora && config.kind != models::AdapterKind::kIa3) {
    freeze(decoder);
    return load_soft(decoder, config, arrays, file);
  }
  const AdapterOptions options = options_of(decoder, config, folder.string());
  auto adapter = attach_adapter({decoder, options, 0, false});
  fill(decoder, *adapter, arrays, file);
  return adapter;
}

}  // namespace athanor::adapters
