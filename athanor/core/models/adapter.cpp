// LoRA (Hu et al. 2021): W' = W + s B A with A [r, in], B [out, r] and s = alpha / r, or alpha / sqrt(r) (rsLoRA, Kalajdzievski
// 2023). Merged at load, not applied beside: decoding then reads no byte more, and every type of weight that the engine can hold
// works. Sums are float32 and rounded once to the stored type, as PEFT's merge_and_unload does; in bfloat16 that rounding is part
// of the result. Whole arrays in the file (biases, modules_to_save) replace the base's. Checked against PEFT's logits.

#include "athanor/core/models/adapter.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/models/adapter_config.h"

namespace athanor::models {
namespace {

using checkpoint::ArrayView;

constexpr const char* kAdapterWhere = "models.adapter";
constexpr std::string_view kPrefix = "base_model.model.";

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
    base::file_error(kAdapterWhere, {base::cat(file_, ": the base has no weight for a key"), name, "an adapter of this base"});
  }

  void replace(const std::string& name, const ArrayView& array) {
    ArrayView& old = target(name);
    expect_shape(name, array.shape, old.shape);
    old = array;
  }

  void add(const std::string& module, const Pair& pair, int64_t rank, double scale) {
    ArrayView& old = target(module + ".weight");
    if (old.shape.size() != 2) base::file_error(kAdapterWhere, {base::cat(file_, ": LoRA on what is no matrix"), module});
    if (pair.embedding && tied_)
      base::input_error(kAdapterWhere, {base::cat(file_, ": the head is the embedding, and would change with it"), module, "",
                                        "merge it with PEFT"});
    if (old.dtype != base::DType::kF32 && old.dtype != base::DType::kF16 && old.dtype != base::DType::kBF16)
      base::input_error(kAdapterWhere, {"an adapter cannot be merged into weights of this type", module, "f32, f16 or bf16",
                                        "athanor convert --dtype bf16"});
    add(module, pair, rank, scale, old, pair.embedding || stored_transposed(module + ".weight"));
  }

  std::vector<checkpoint::NamedArray> take_arrays() { return std::move(arrays_); }
  std::deque<std::vector<std::byte>> take_memory() { return std::move(memory_); }

 private:
  void expect_shape(const std::string& name, const std::vector<int64_t>& got, const std::vector<int64_t>& expected) const {
    if (got != expected)
      base::file_error(kAdapterWhere, {base::cat(file_, ": \"", name, "\" has another shape than this base and rank need"),
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
    std::vector<std::byte>& out = memory_.emplace_back(old.size() * base::dtype_size(w.dtype));
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
    w.blocks = nullptr;  // a GGUF file's blocks become float32
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

/// "embed_tokens.base_layer.weight", as PEFT writes arrays of the layers that it wrapped, is "embed_tokens.weight".
std::string without_base_layer(std::string key) {
  constexpr std::string_view kWrapped = "base_layer.";
  if (const size_t at = key.find(kWrapped); at != key.npos) key.erase(at, kWrapped.size());
  return key;
}

Keys sort_keys(const checkpoint::Checkpoint& file, const std::string& name) {
  Keys keys;
  for (const checkpoint::NamedArray& array : file.arrays()) {
    if (!array.name.starts_with(kPrefix))
      base::file_error(kAdapterWhere, {base::cat(name, ": a key without PEFT's prefix"), array.name, std::string(kPrefix) + "..."});
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
      base::file_error(kAdapterWhere,
                       {base::cat(name, ": unknown key"), array.name, "lora_A.weight, lora_B.weight or a whole array"});
    else
      keys.whole.emplace_back(without_base_layer(key), &array.array);
  }
  if (keys.pairs.empty())
    base::file_error(kAdapterWhere,
                     {base::cat(name, ": no LoRA weights, so the adapter would change nothing"), "", "lora_A and lora_B"});
  for (const auto& [module, pair] : keys.pairs)
    if (!pair.a || !pair.b)
      base::file_error(kAdapterWhere,
                       {base::cat(name, ": ", pair.a ? "lora_B" : "lora_A", " is missing"), module, "both of a pair"});
  return keys;
}

/// Every module that target_modules names has its pair, and every name a module.
void check_complete(const AdapterConfig& config, const Keys& keys, const checkpoint::Checkpoint& base, const std::string& prefix,
                    const std::string& name) {
  for (const std::string& target : config.targets) {
    if (std::none_of(keys.pairs.begin(), keys.pairs.end(), [&](const auto& pair) { return names_module(target, pair.first); }))
      base::file_error(kAdapterWhere,
                       {base::cat(name, ": no weights for a target module"), target, "a pair for every name in target_modules"});
    for (const checkpoint::NamedArray& array : base.arrays()) {
      if (!config.every_layer || !array.name.ends_with(".weight") || array.array.shape.size() != 2) continue;
      const std::string module = array.name.substr(0, array.name.size() - 7);
      const std::string bare = module.starts_with(prefix) ? module.substr(prefix.size()) : module;
      if (names_module(target, module) && !keys.pairs.contains(module) && !keys.pairs.contains(bare) &&
          !keys.pairs.contains(prefix + module))
        base::file_error(kAdapterWhere, {base::cat(name, ": a layer's weights are missing"), module, "a pair for every layer"});
    }
  }
}

}  // namespace

checkpoint::Checkpoint merge_adapter(const DecoderModel& model, const checkpoint::Checkpoint& base,
                                     const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "adapter_config.json", ignored))
    base::input_error(kAdapterWhere,
                      {base::cat(folder.string(), ": no adapter here"), "no adapter_config.json", "a folder that PEFT saved"});
  const AdapterConfig config = read_adapter_config(folder / "adapter_config.json");
  const std::filesystem::path path = folder / "adapter_model.safetensors";
  auto file = std::make_shared<checkpoint::Checkpoint>(checkpoint::Checkpoint::open(path));
  const Keys keys = sort_keys(*file, path.string());
  check_complete(config, keys, base, model.family->prefix, path.string());
  Merge merge(model, base, path);
  for (const auto& [name, array] : keys.whole) merge.replace(name, *array);
  for (const auto& [module, pair] : keys.pairs) {
    merge.add(module, pair, config.rank_of(module), config.scale_of(module));
  }
  struct Storage {
    checkpoint::Checkpoint base;
    std::shared_ptr<checkpoint::Checkpoint> adapter;
    std::deque<std::vector<std::byte>> memory;
  };
  auto arrays = merge.take_arrays();
  auto storage = std::make_shared<Storage>(Storage{base, std::move(file), merge.take_memory()});
  return checkpoint::Checkpoint::of(folder, std::move(arrays), std::move(storage));
}

}  // namespace athanor::models
