// LoRA (Hu et al. 2021): W' = W + s B A with A [r, in], B [out, r] and s = alpha / r, or alpha / sqrt(r) (rsLoRA, Kalajdzievski
// 2023). Merged at load, not applied beside: decoding then reads no byte more, and every type of weight that the engine can hold
// works. Sums are float32 and rounded once to the stored type, as PEFT's merge_and_unload does; in bfloat16 that rounding is part
// of the result. Whole arrays in the file (biases, modules_to_save) replace the base's. Checked against PEFT's logits.

#include "athanor/core/models/adapter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"

namespace athanor::models {
namespace {

using base::Json;
using checkpoint::ArrayView;

constexpr const char* kWhere = "models.adapter";
constexpr std::string_view kPrefix = "base_model.model.";
constexpr int64_t kMostRank = 65'536;

struct Config {
  int64_t rank = 8;
  double alpha = 8;
  bool rslora = false, every_layer = true;
  std::vector<std::string> targets;  // empty: a pattern of PEFT's, which the file's own names stand for
  std::vector<std::pair<std::string, double>> ranks, alphas;
};

class ConfigFile {
 public:
  explicit ConfigFile(const std::filesystem::path& path)
      : path_(path), json_(base::read_json_file(path, kWhere, {.depth = 16, .bytes = 10u << 20})) {
    if (!json_.is_object()) fail("is not an object", "", "the keys of a PEFT adapter");
  }

  Config read() const {
    refuse_other_kinds();
    Config c;
    c.rank = static_cast<int64_t>(number("r", 8, 1, kMostRank));
    c.alpha = number("lora_alpha", 8, -1e9, 1e9);
    c.rslora = set("use_rslora");
    c.every_layer = !set("layers_to_transform") && !set("exclude_modules");
    if (const Json* targets = find("target_modules"); targets && targets->is_array())
      for (const Json& t : *targets)
        c.targets.push_back(t.is_string() ? t.get<std::string>() : fail("\"target_modules\" is not a list of names", t.dump()));
    c.ranks = pattern("rank_pattern", 1, kMostRank);
    c.alphas = pattern("alpha_pattern", -1e9, 1e9);
    return c;
  }

 private:
  const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  /// Present, and neither false nor empty.
  bool set(const char* key) const {
    const Json* value = find(key);
    return value && !(value->is_boolean() && !value->get<bool>()) && !(value->is_structured() && value->empty());
  }

  double number(const char* key, double fallback, double min, double max) const {
    const Json* value = find(key);
    if (!value) return fallback;
    if (!value->is_number() || !(value->get<double>() >= min && value->get<double>() <= max) ||
        (min == 1 && !value->is_number_integer()))
      fail(base::cat("\"", key, "\" is out of range"), value->dump(), base::cat(min, " to ", max));
    return value->get<double>();
  }

  std::vector<std::pair<std::string, double>> pattern(const char* key, double min, double max) const {
    std::vector<std::pair<std::string, double>> pairs;
    const Json* value = find(key);
    if (!value) return pairs;
    if (!value->is_object()) fail(base::cat("\"", key, "\" is not an object"), value->dump(), "names with numbers");
    for (const auto& [name, number] : value->items()) {
      if (name.find_first_of("\\^$*+?()[]{}|") != name.npos)
        base::input_error(
            kWhere, {base::cat(path_.string(), ": regular expressions in \"", key, "\" are not read"), name, "names of modules"});
      if (!number.is_number() || !(number >= min && number <= max)) fail(base::cat("\"", key, "\" is out of range"), number.dump());
      pairs.emplace_back(name, number);
    }
    return pairs;
  }

  void refuse_other_kinds() const {
    const Json* type = find("peft_type");
    if (!type || *type != "LORA")
      base::input_error(kWhere,
                        {base::cat(path_.string(), ": not a LoRA adapter"), type ? type->dump() : "no peft_type", "\"LORA\""});
    for (const char* key :
         {"use_dora", "layer_replication", "lora_bias", "use_qalora", "trainable_token_indices", "target_parameters"})
      if (set(key))
        base::input_error(kWhere, {base::cat(path_.string(), ": this kind of LoRA is not read"), key, "plain LoRA or rsLoRA",
                                   "merge it with PEFT"});
    const Json* init = find("init_lora_weights");
    for (const char* changed : {"pissa", "olora", "corda", "loftq"})
      if (init && init->is_string() && init->get<std::string>().starts_with(changed))
        base::input_error(kWhere, {base::cat(path_.string(), ": its base weights were changed when it was made"), *init,
                                   "true or gaussian", "merge it with PEFT"});
  }

  [[noreturn]] std::string fail(const std::string& what, const std::string& got = "", const std::string& expected = "") const {
    base::file_error(kWhere, {base::cat(path_.string(), ": ", what), got, expected});
  }

  std::filesystem::path path_;
  Json json_;
};

/// PEFT's rule: the whole name or its end.
bool names(const std::string& pattern, const std::string& module) { return module == pattern || module.ends_with("." + pattern); }

double value_for(const std::vector<std::pair<std::string, double>>& pattern, const std::string& module, double otherwise) {
  for (const auto& [name, number] : pattern)
    if (names(name, module)) return number;
  return otherwise;
}

struct Pair {
  const ArrayView *a = nullptr, *b = nullptr;
  bool embedding = false;
};

/// Changes arrays of a base, each copied once.
class Merge {
 public:
  Merge(const DecoderModel& model, const checkpoint::Checkpoint& base, const std::filesystem::path& file)
      : slots_(model.slots),
        tied_(model.spec.tied_head),
        prefix_(model.family->prefix),
        file_(file.string()),
        arrays_(base.arrays()) {
    for (size_t i = 0; i < arrays_.size(); ++i) places_[arrays_[i].name] = i;
  }

  ArrayView& target(const std::string& name) {
    for (const std::string& known : {name, prefix_ + name, name.starts_with(prefix_) ? name.substr(prefix_.size()) : name})
      if (const auto found = places_.find(known); found != places_.end()) return arrays_[found->second].array;
    base::file_error(kWhere, {base::cat(file_, ": the base has no weight for a key"), name, "an adapter of this base"});
  }

  void replace(const std::string& name, const ArrayView& array) {
    ArrayView& old = target(name);
    expect_shape(name, array.shape, old.shape);
    old = array;
  }

  void add(const std::string& module, const Pair& pair, int64_t rank, double scale) {
    ArrayView& old = target(module + ".weight");
    if (old.shape.size() != 2) base::file_error(kWhere, {base::cat(file_, ": LoRA on what is no matrix"), module});
    if (pair.embedding && tied_)
      base::input_error(
          kWhere, {base::cat(file_, ": the head is the embedding, and would change with it"), module, "", "merge it with PEFT"});
    if (old.dtype != base::DType::kF32 && old.dtype != base::DType::kF16 && old.dtype != base::DType::kBF16)
      base::input_error(kWhere, {"an adapter cannot be merged into weights of this type", module, "f32, f16 or bf16",
                                 "athanor convert --dtype bf16"});
    add(module, pair, rank, scale, old, pair.embedding || stored_transposed(module + ".weight"));
  }

  std::vector<checkpoint::NamedArray> arrays() && { return std::move(arrays_); }
  std::deque<std::vector<std::byte>> memory() && { return std::move(memory_); }

 private:
  void expect_shape(const std::string& name, const std::vector<int64_t>& got, const std::vector<int64_t>& expected) const {
    if (got != expected)
      base::file_error(kWhere, {base::cat(file_, ": \"", name, "\" has another shape than this base and rank need"),
                                checkpoint::shape_text(got), checkpoint::shape_text(expected)});
  }

  /// W [rows, columns] += scale * L R, or its transpose: `swapped` says that W is stored [in, out].
  void add(const std::string& module, const Pair& pair, int64_t rank, double scale, ArrayView& w, bool swapped) {
    const int64_t rows = w.shape[0], columns = w.shape[1];
    expect_shape(module + ".lora_A", pair.a->shape, {rank, swapped ? rows : columns});
    expect_shape(module + ".lora_B", pair.b->shape, {swapped ? columns : rows, rank});
    const std::vector<float> a = checkpoint::to_f32(*pair.a, module + ".lora_A"),
                             b = checkpoint::to_f32(*pair.b, module + ".lora_B");
    const std::vector<float> old = checkpoint::to_f32(w, module + ".weight");
    std::vector<std::byte>& out = memory_.emplace_back(w.bytes.size());
    base::parallel_for(rows, std::max<int64_t>(1, 65536 / std::max<int64_t>(columns * rank, 1)), [&](int64_t begin, int64_t end) {
      std::vector<float> delta(static_cast<size_t>(columns));
      for (int64_t o = begin; o < end; ++o) {
        std::fill(delta.begin(), delta.end(), 0.0f);
        for (int64_t k = 0; k < rank; ++k)
          for (int64_t i = 0; i < columns; ++i)
            delta[static_cast<size_t>(i)] += swapped
                                                 ? b[static_cast<size_t>(i * rank + k)] * a[static_cast<size_t>(k * rows + o)]
                                                 : b[static_cast<size_t>(o * rank + k)] * a[static_cast<size_t>(k * columns + i)];
        for (int64_t i = 0; i < columns; ++i) {
          const auto at = static_cast<size_t>(o * columns + i);
          store(w.dtype, old[at] + static_cast<float>(scale) * delta[static_cast<size_t>(i)], out.data(), at);
        }
      }
    });
    w.bytes = out;
  }

  static void store(base::DType dtype, float value, std::byte* out, size_t at) {
    if (dtype == base::DType::kF32) std::memcpy(out + at * 4, &value, 4);
    const uint16_t half = dtype == base::DType::kBF16 ? base::f32_to_bf16(value) : base::f32_to_f16(value);
    if (dtype != base::DType::kF32) std::memcpy(out + at * 2, &half, 2);
  }

  /// GPT-2's Conv1D: the family's table says [in, out].
  bool stored_transposed(std::string name) const {
    for (size_t at = 0; at < name.size();) {
      const size_t end = std::min(name.find('.', at), name.size());
      if (name.find_first_not_of("0123456789", at) >= end) name.replace(at, end - at, "{}");
      at = std::min(name.find('.', at), name.size() - 1) + 1;
    }
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const SlotName& slot) { return slot.transposed && (name == slot.name || prefix_ + name == slot.name); });
  }

  const std::vector<SlotName>& slots_;
  bool tied_;
  std::string prefix_, file_;
  std::vector<checkpoint::NamedArray> arrays_;
  std::map<std::string, size_t> places_;
  std::deque<std::vector<std::byte>> memory_;
};

/// The file's keys: pairs by module, and whole arrays.
struct Keys {
  std::map<std::string, Pair> pairs;
  std::vector<std::pair<std::string, const ArrayView*>> whole;
};

Keys sort_keys(const checkpoint::Checkpoint& file, const std::string& name) {
  Keys keys;
  for (const checkpoint::NamedArray& array : file.arrays()) {
    if (!array.name.starts_with(kPrefix))
      base::file_error(kWhere, {base::cat(name, ": a key without PEFT's prefix"), array.name, std::string(kPrefix) + "..."});
    const std::string key = array.name.substr(kPrefix.size());
    const auto module_of = [&](std::string_view ending) { return key.substr(0, key.size() - ending.size()); };
    if (key.ends_with(".lora_A.weight"))
      keys.pairs[module_of(".lora_A.weight")].a = &array.array;
    else if (key.ends_with(".lora_B.weight"))
      keys.pairs[module_of(".lora_B.weight")].b = &array.array;
    else if (key.ends_with(".lora_embedding_A"))
      keys.pairs[module_of(".lora_embedding_A")].a = &array.array, keys.pairs[module_of(".lora_embedding_A")].embedding = true;
    else if (key.ends_with(".lora_embedding_B"))
      keys.pairs[module_of(".lora_embedding_B")].b = &array.array, keys.pairs[module_of(".lora_embedding_B")].embedding = true;
    else if (key.find(".lora_") != key.npos)
      base::file_error(kWhere, {base::cat(name, ": unknown key"), array.name, "lora_A.weight, lora_B.weight or a whole array"});
    else
      keys.whole.emplace_back(key, &array.array);
  }
  if (keys.pairs.empty())
    base::file_error(kWhere, {base::cat(name, ": no LoRA weights, so the adapter would change nothing"), "", "lora_A and lora_B"});
  for (const auto& [module, pair] : keys.pairs)
    if (!pair.a || !pair.b)
      base::file_error(kWhere, {base::cat(name, ": ", pair.a ? "lora_B" : "lora_A", " is missing"), module, "both of a pair"});
  return keys;
}

/// Every module that target_modules names has its pair, and every name a module.
void check_complete(const Config& config, const Keys& keys, const checkpoint::Checkpoint& base, const std::string& prefix,
                    const std::string& name) {
  for (const std::string& target : config.targets) {
    if (std::none_of(keys.pairs.begin(), keys.pairs.end(), [&](const auto& pair) { return names(target, pair.first); }))
      base::file_error(kWhere,
                       {base::cat(name, ": no weights for a target module"), target, "a pair for every name in target_modules"});
    for (const checkpoint::NamedArray& array : base.arrays()) {
      if (!config.every_layer || !array.name.ends_with(".weight") || array.array.shape.size() != 2) continue;
      const std::string module = array.name.substr(0, array.name.size() - 7);
      const std::string bare = module.starts_with(prefix) ? module.substr(prefix.size()) : module;
      if (names(target, module) && !keys.pairs.contains(module) && !keys.pairs.contains(bare) &&
          !keys.pairs.contains(prefix + module))
        base::file_error(kWhere, {base::cat(name, ": a layer's weights are missing"), module, "a pair for every layer"});
    }
  }
}

}  // namespace

checkpoint::Checkpoint merge_adapter(const DecoderModel& model, const checkpoint::Checkpoint& base,
                                     const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "adapter_config.json", ignored))
    base::input_error(kWhere,
                      {base::cat(folder.string(), ": no adapter here"), "no adapter_config.json", "a folder that PEFT saved"});
  const Config config = ConfigFile(folder / "adapter_config.json").read();
  const std::filesystem::path path = folder / "adapter_model.safetensors";
  auto file = std::make_shared<checkpoint::Checkpoint>(checkpoint::Checkpoint::open(path));
  const Keys keys = sort_keys(*file, path.string());
  check_complete(config, keys, base, model.family->prefix, path.string());
  Merge merge(model, base, path);
  for (const auto& [module, pair] : keys.pairs) {
    const auto rank = static_cast<int64_t>(value_for(config.ranks, module, static_cast<double>(config.rank)));
    const double alpha = value_for(config.alphas, module, config.alpha), r = static_cast<double>(rank);
    merge.add(module, pair, rank, alpha / (config.rslora ? std::sqrt(r) : r));
  }
  for (const auto& [name, array] : keys.whole) merge.replace(name, *array);
  struct Storage {
    checkpoint::Checkpoint base;
    std::shared_ptr<checkpoint::Checkpoint> adapter;
    std::deque<std::vector<std::byte>> memory;
  };
  auto arrays = std::move(merge).arrays();
  auto storage = std::make_shared<Storage>(Storage{base, std::move(file), std::move(merge).memory()});
  return checkpoint::Checkpoint::of(folder, std::move(arrays), std::move(storage));
}

}  // namespace athanor::models
