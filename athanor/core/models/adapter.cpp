// Adapters merged into weights, not applied beside them: decoding then reads no byte more, and every type of weight that the engine
// can hold works. W is seen as [out, in] whatever way the file stores it.
//   LoRA (Hu et al. 2021):    W' = W + w s B A,   A [r, in], B [out, r], s = alpha / r, or alpha / sqrt(r) (rsLoRA, Kalajdzievski
//   2023) DoRA (Liu et al. 2024):   W' = m (W + s B A) / |W + s B A|,   the norm of every row, m [out] IA3 (Liu et al. 2022):    W'
//   = l W (rows, and the bias with them), or W l (columns) for feed-forward inputs
// Sums are float32 and rounded once to the stored type, as PEFT's merge_and_unload does; in bfloat16 that rounding is part of the
// result. Whole arrays in the file (biases, modules_to_save) replace the base's. Checked against PEFT's logits.

#include "athanor/core/models/adapter.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/checkpoint/nf4.h"
#include "athanor/core/models/adapter_keys.h"

namespace athanor::models {
namespace {

using checkpoint::ArrayView;

constexpr const char* kAdapterWhere = "models.adapter";

void store(base::DType dtype, float value, std::byte* out, size_t at) {
  if (dtype == base::DType::kF32) std::memcpy(out + at * 4, &value, 4);
  const uint16_t half = dtype == base::DType::kBF16 ? base::f32_to_bf16(value) : base::f32_to_f16(value);
  if (dtype != base::DType::kF32) std::memcpy(out + at * 2, &half, 2);
}

/// A matrix of the file with the axes of outputs and inputs told apart.
struct Matrix {
  std::vector<float> values;
  int64_t rows, columns;
  bool swapped;  // stored [in, out]
  int64_t outputs() const { return swapped ? columns : rows; }
  int64_t inputs() const { return swapped ? rows : columns; }
  int64_t output_of(int64_t row, int64_t column) const { return swapped ? column : row; }
  int64_t input_of(int64_t row, int64_t column) const { return swapped ? row : column; }
};

template <typename Body>
void for_rows(const Matrix& m, int64_t work, const Body& body) {
  base::parallel_for(m.rows, std::max<int64_t>(1, 65536 / std::max<int64_t>(m.columns * work, 1)), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row, m.columns);
  });
}

/// Changes arrays of a base, each copied once.
class Merge {
 public:
  Merge(const DecoderModel& model, const checkpoint::Checkpoint& base, const std::filesystem::path& file, double weight)
      : slots_(model.slots),
        tied_(model.spec.tied_head),
        prefix_(model.family->prefix),
        file_(file.string()),
        weight_(weight),
        arrays_(base.arrays()) {
    for (size_t i = 0; i < arrays_.size(); ++i) places_[arrays_[i].name] = i;
  }

  /// `score`: what a classifier has and the language model that it began from has not.
  void replace(const std::string& name, const ArrayView& array, const std::string& score, const std::vector<int64_t>& score_shape) {
    if (name == score && !find(name)) {
      expect_shape(name, array.shape, score_shape);
      places_[name] = arrays_.size();
      arrays_.push_back({name, array});
      return;
    }
    ArrayView& old = target(name);
    expect_shape(name, array.shape, old.shape);
    if (weight_ != 1)
      base::input_error(kAdapterWhere, {base::cat(file_, ": it replaces whole arrays, which have no weight"), name, "weight 1"});
    old = array;
  }

  /// The base that a LoftQ adapter was trained on: linear layers but the head went through four bits. Those that get a product are
  /// rounded when it is added.
  void keep_in_four_bits(const DecoderModel& model, const AdapterKeys& keys, bool double_quant) {
    four_bits_ = true, double_quant_ = double_quant, head_ = weight_name(model, Slot::kHead);
    for (const WeightPlace& place : weight_places(model)) {
      if (!is_linear(place.row->slot) || weight_shape(model, place.row->slot).size() != 2) continue;
      const std::string name = weight_name(place), module = name.substr(0, name.rfind('.'));
      const bool whole = std::any_of(keys.whole.begin(), keys.whole.end(), [&](const auto& key) { return key.first == name; });
      if (keys.modules.contains(module) || whole) continue;
      ArrayView& w = matrix_at(module);
      Matrix m = read(module, w, stored_transposed(name));
      round_to_four_bits(m);
      write(m, w);
    }
  }

  void add_lora(const std::string& module, const ModuleArrays& arrays, int64_t rank, double scale) {
    ArrayView& w = matrix_at(module);
    if (arrays.embedding && tied_)
      base::input_error(kAdapterWhere, {base::cat(file_, ": the head is the embedding, and would change with it"), module, "",
                                        "merge it with PEFT"});
    if (arrays.magnitude && weight_ != 1)
      base::input_error(kAdapterWhere,
                        {base::cat(file_, ": DoRA changes the size of every row, which has no weight"), module, "weight 1"});
    Matrix m = read(module, w, arrays.embedding || stored_transposed(module + ".weight"));
    if (four_bits_ && !arrays.embedding && module + ".weight" != head_) round_to_four_bits(m);
    expect_shape(module + ".lora_A", arrays.a->shape, {rank, m.inputs()});
    expect_shape(module + ".lora_B", arrays.b->shape, {m.outputs(), rank});
    add_product(m, checkpoint::to_f32(*arrays.a, module), checkpoint::to_f32(*arrays.b, module), rank,
                static_cast<float>(scale * weight_));
    if (arrays.magnitude) {
      expect_shape(module + ".lora_magnitude_vector", arrays.magnitude->shape, {m.outputs()});
      set_norms(m, checkpoint::to_f32(*arrays.magnitude, module));
    }
    write(m, w);
  }

  void scale(const std::string& module, const ArrayView& factors, bool inputs) {
    ArrayView& w = matrix_at(module);
    if (weight_ != 1)
      base::input_error(kAdapterWhere, {base::cat(file_, ": IA3 multiplies, and has no weight"), module, "weight 1"});
    Matrix m = read(module, w, stored_transposed(module + ".weight"));
    expect_shape(module + ".ia3_l", factors.shape,
                 inputs ? std::vector<int64_t>{1, m.inputs()} : std::vector<int64_t>{m.outputs(), 1});
    const std::vector<float> l = checkpoint::to_f32(factors, module);
    for_rows(m, 1, [&](int64_t row, int64_t columns) {
      for (int64_t i = 0; i < columns; ++i)
        m.values[static_cast<size_t>(row * columns + i)] *=
            l[static_cast<size_t>(inputs ? m.input_of(row, i) : m.output_of(row, i))];
    });
    write(m, w);
    if (!inputs) scale_bias(module + ".bias", l);
  }

  std::vector<checkpoint::NamedArray> take_arrays() { return std::move(arrays_); }
  std::deque<std::vector<std::byte>> take_memory() { return std::move(memory_); }

 private:
  ArrayView* find(const std::string& name) {
    for (const std::string& known : {name, prefix_ + name, name.starts_with(prefix_) ? name.substr(prefix_.size()) : name})
      if (const auto found = places_.find(known); found != places_.end()) return &arrays_[found->second].array;
    return nullptr;
  }

  ArrayView& target(const std::string& name) {
    if (ArrayView* found = find(name)) return *found;
    base::file_error(kAdapterWhere, {base::cat(file_, ": the base has no weight for a key"), name, "an adapter of this base"});
  }

  ArrayView& matrix_at(const std::string& module) {
    ArrayView& w = target(module + ".weight");
    if (w.shape.size() != 2) base::file_error(kAdapterWhere, {base::cat(file_, ": an adapter on what is no matrix"), module});
    if (w.dtype != base::DType::kF32 && w.dtype != base::DType::kF16 && w.dtype != base::DType::kBF16)
      base::input_error(kAdapterWhere, {"an adapter cannot be merged into weights of this type", module, "f32, f16 or bf16",
                                        "athanor convert --dtype bf16"});
    return w;
  }

  void expect_shape(const std::string& name, const std::vector<int64_t>& got, const std::vector<int64_t>& expected) const {
    if (got != expected)
      base::file_error(kAdapterWhere, {base::cat(file_, ": \"", name, "\" has another shape than this base and rank need"),
                                       checkpoint::shape_text(got), checkpoint::shape_text(expected)});
  }

  Matrix read(const std::string& module, const ArrayView& w, bool swapped) const {
    return {checkpoint::to_f32(w, module + ".weight"), w.shape[0], w.shape[1], swapped};
  }

  static void add_product(Matrix& m, const std::vector<float>& a, const std::vector<float>& b, int64_t rank, float scale) {
    const int64_t inputs = m.inputs();
    for_rows(m, rank, [&](int64_t row, int64_t columns) {
      std::vector<float> delta(static_cast<size_t>(columns));
      for (int64_t k = 0; k < rank; ++k)
        for (int64_t i = 0; i < columns; ++i)
          delta[static_cast<size_t>(i)] +=
              b[static_cast<size_t>(m.output_of(row, i) * rank + k)] * a[static_cast<size_t>(k * inputs + m.input_of(row, i))];
      for (int64_t i = 0; i < columns; ++i)
        m.values[static_cast<size_t>(row * columns + i)] += scale * delta[static_cast<size_t>(i)];
    });
  }

  static bool is_linear(Slot slot) {
    return slot != Slot::kTokenEmbedding && slot != Slot::kPositionEmbedding && slot != Slot::kHead && slot != Slot::kRouter;
  }

  /// Blocks of the matrix [out, in], whatever way it is stored.
  void round_to_four_bits(Matrix& m) const {
    if (!m.swapped) return checkpoint::round_to_nf4(m.values, double_quant_);
    std::vector<float> turned(m.values.size());
    const auto columns = static_cast<size_t>(m.columns), rows = static_cast<size_t>(m.rows);
    for (size_t row = 0; row < rows; ++row)
      for (size_t i = 0; i < columns; ++i) turned[i * rows + row] = m.values[row * columns + i];
    checkpoint::round_to_nf4(turned, double_quant_);
    for (size_t row = 0; row < rows; ++row)
      for (size_t i = 0; i < columns; ++i) m.values[row * columns + i] = turned[i * rows + row];
  }

  static void set_norms(Matrix& m, const std::vector<float>& magnitude) {
    std::vector<double> squares(static_cast<size_t>(m.outputs()));
    for (int64_t row = 0; row < m.rows; ++row)
      for (int64_t i = 0; i < m.columns; ++i) {
        const double value = m.values[static_cast<size_t>(row * m.columns + i)];
        squares[static_cast<size_t>(m.output_of(row, i))] += value * value;
      }
    for_rows(m, 1, [&](int64_t row, int64_t columns) {
      for (int64_t i = 0; i < columns; ++i) {
        const auto o = static_cast<size_t>(m.output_of(row, i));
        m.values[static_cast<size_t>(row * columns + i)] *= magnitude[o] / static_cast<float>(std::sqrt(squares[o]));
      }
    });
  }

  void scale_bias(const std::string& name, const std::vector<float>& l) {
    ArrayView* bias = find(name);
    if (!bias) return;
    Matrix m = {checkpoint::to_f32(*bias, name), bias->count(), 1, false};
    for (size_t i = 0; i < m.values.size() && i < l.size(); ++i) m.values[i] *= l[i];
    write(m, *bias);
  }

  void write(const Matrix& m, ArrayView& w) {
    std::vector<std::byte>& out = memory_.emplace_back(m.values.size() * base::dtype_size(w.dtype));
    for_rows(m, 1, [&](int64_t row, int64_t columns) {
      for (auto at = static_cast<size_t>(row * columns), end = at + static_cast<size_t>(columns); at < end; ++at)
        store(w.dtype, m.values[at], out.data(), at);
    });
    w.bytes = out;
    w.blocks = nullptr;  // a GGUF file's blocks become float32
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
  bool tied_, four_bits_ = false, double_quant_ = false;
  std::string prefix_, file_, head_;
  double weight_;
  std::vector<checkpoint::NamedArray> arrays_;
  std::map<std::string, size_t> places_;
  std::deque<std::vector<std::byte>> memory_;
};

/// What can be put into weights, and means the same there.
void check_kind(const AdapterConfig& config, const std::string& folder) {
  if (config.kind != AdapterKind::kLora && config.kind != AdapterKind::kIa3)
    base::input_error(kAdapterWhere,
                      {base::cat(folder, ": virtual tokens are no weights, and cannot be merged"), peft_type(config.kind),
                       "LORA or IA3", "--lora, which puts them in front of every sequence, or train with method: lora"});
  for (const char* changed : {"pissa", "olora", "corda", "loftq", "lora_ga"})
    if (config.init.starts_with(changed) && config.four_bit_base.empty())
      base::input_error(kAdapterWhere, {base::cat(folder, ": its base weights were changed when it was made"), config.init,
                                        "true or gaussian", "merge it with PEFT"});
}

}  // namespace

checkpoint::Checkpoint merge_adapter(const DecoderModel& model, const checkpoint::Checkpoint& base,
                                     const std::filesystem::path& folder, double weight) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "adapter_config.json", ignored))
    base::input_error(kAdapterWhere,
                      {base::cat(folder.string(), ": no adapter here"), "no adapter_config.json", "a folder that PEFT saved"});
  const AdapterConfig config = read_adapter_config(folder / "adapter_config.json");
  check_kind(config, folder.string());
  const std::filesystem::path path = folder / "adapter_model.safetensors";
  auto file = std::make_shared<checkpoint::Checkpoint>(checkpoint::Checkpoint::open(path));
  const AdapterKeys keys = sort_adapter_keys(config, *file, path.string());
  check_complete(config, keys, base, model.family->prefix, path.string());
  Merge merge(model, base, path, weight);
  if (!config.four_bit_base.empty()) merge.keep_in_four_bits(model, keys, config.four_bit_base != "nf4");
  const std::string score = weight_name(model, Slot::kScore);
  for (const auto& [name, array] : keys.whole)
    merge.replace(name, *array, score, score.empty() ? std::vector<int64_t>() : weight_shape(model, Slot::kScore));
  for (const auto& [module, arrays] : keys.modules) {
    if (config.kind == AdapterKind::kLora)
      merge.add_lora(module, arrays, config.rank_of(module), config.scale_of(module));
    else
      merge.scale(module, *arrays.scale, config.is_feedforward(module));
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
