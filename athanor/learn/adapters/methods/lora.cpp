// LoRA (Hu et al. 2021): a frozen matrix W [out, in] gets a product of two thin ones beside it,
//   y = W x + s B (A drop(x)),   A [r, in], B [out, r], s = alpha / r
// so that r (in + out) numbers learn instead of in * out, and merging is W + s B A. With it:
//   rsLoRA (Kalajdzievski 2023): s = alpha / sqrt(r), which keeps the size of what is learned as r grows
//   DoRA (Liu et al. 2024): y = m (W + s B A) / |W + s B A| x, the lengths m [out] of rows learned apart from their directions; the
//     gradient does not pass through the length below the line
//   LoRA+ (Hayou et al. 2024): B (and m) learn `lora_plus` times as fast as A
// for linear layers, transposed ones (GPT-2's Conv1D), fused q, k, v, and embeddings (A [r, V] zero, B [C, r] normal, as PEFT).
// Checked against PEFT: logits, loss, gradients of A, B and m.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/adapter_config.h"
#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/four_bits.h"
#include "athanor/learn/adapters/lora_layers.h"
#include "athanor/learn/adapters/matrices.h"
#include "athanor/learn/adapters/random_values.h"
#include "athanor/learn/adapters/targets.h"
#include "athanor/learn/nn/products.h"

namespace athanor::adapters {
namespace {

constexpr uint32_t kFirstSite = 1u << 20;  // of dropouts: beyond those of any decoder

/// The first values of a layer whose weight gave them up.
struct Taken {
  std::string path;
  at::Tensor a, b;
  double scale;
};

base::Json pattern_json(const std::vector<std::pair<std::string, double>>& pattern, double factor) {
  base::Json json = base::Json::object();
  for (const auto& [key, number] : pattern) {
    const double value = number * factor;
    if (value == std::floor(value))
      json[key] = static_cast<int64_t>(value);
    else
      json[key] = value;
  }
  return json;
}

class Lora : public Adapter {
 public:
  explicit Lora(const AdapterContext& context)
      : decoder_(context.decoder), options_(context.options), weights_(context.weights), fresh_(context.fresh) {
    numbers_.rank = options_.r, numbers_.alpha = options_.alpha, numbers_.rslora = options_.rslora;
    numbers_.ranks = pattern_of(options_.rank_pattern, "rank_pattern", 1);
    numbers_.alphas = pattern_of(options_.alpha_pattern, "alpha_pattern", 0);
    const std::vector<std::string> paths = find_targets(decoder_, options_.targets, true);
    words_ = target_words(options_.targets, paths);
    for (const std::string& path : paths) {
      if (dynamic_cast<nn::Embedding*>(decoder_.find(path)))
        wrap_embedding(path, context.seed);
      else
        wrap_linear(path, context.seed);
    }
    saved_ = unfreeze(decoder_, options_.modules_to_save);
    if (options_.bias != "none") unfreeze_biases();
  }

  base::Json config() const override {
    const double doubled = taken_.empty() ? 1 : 2, alpha = taken_.empty() || !options_.rslora ? doubled : std::sqrt(2.0);
    base::Json json = {{"peft_type", "LORA"},
                       {"task_type", task_type(decoder_)},
                       {"inference_mode", true},
                       {"r", static_cast<int64_t>(static_cast<double>(options_.r) * doubled)},
                       {"lora_alpha", options_.alpha * alpha},
                       {"lora_dropout", options_.dropout},
                       {"fan_in_fan_out", swapped_},
                       {"bias", options_.bias},
                       {"use_rslora", options_.rslora},
                       {"use_dora", options_.dora},
                       {"init_lora_weights", true},  // not "loftq": PEFT would quantize the base and begin anew when it loads
                       {"rank_pattern", pattern_json(numbers_.ranks, doubled)},
                       {"alpha_pattern", pattern_json(numbers_.alphas, alpha)},
                       {"target_modules", words_.expression.empty() ? base::Json(words_.names) : base::Json(words_.expression)},
                       {"modules_to_save", saved_.empty() ? base::Json(nullptr) : base::Json(saved_)}};
    if (options_.init == "loftq")
      json["loftq_config"] = {{"loftq_bits", 4}, {"loftq_iter", 1}, {"base", options_.double_quant ? "nf4-double-quant" : "nf4"}};
    if (json["lora_alpha"] == std::floor(options_.alpha * alpha)) json["lora_alpha"] = static_cast<int64_t>(options_.alpha * alpha);
    return json;
  }

  std::vector<NamedTensor> arrays(const std::vector<NamedTensor>& learned) const override {
    std::vector<NamedTensor> out;
    for (const auto& [name, value] : learned) {
      const auto [first, axis] = first_values(name);
      out.emplace_back("base_model.model." + name, first.defined() ? at::cat({value, first.to(value.device())}, axis) : value);
    }
    return out;
  }

  std::vector<NamedTensor> state() const override {
    std::vector<NamedTensor> state;
    for (const Taken& t : taken_) {
      state.emplace_back(t.path + ".first_A", t.a);
      state.emplace_back(t.path + ".first_B", t.b);
    }
    return state;
  }

  void restored() override {
    if (fresh_) return;
    for (const Taken& t : taken_) take_off(t);
  }

  double lr_factor(const std::string& name) const override {
    return name.ends_with(".lora_B.weight") || name.ends_with(".lora_magnitude_vector") ? options_.lora_plus : 1;
  }

 private:
  /// PEFT's bias: "all", or "lora_only" for those of the layers that it went to.
  void unfreeze_biases() {
    decoder_.walk([&](const std::string& path, nn::Module& module) {
      if (!module.has_parameter("bias") || (options_.bias == "lora_only" && !path.ends_with(".base_layer"))) return;
      module.parameter("bias").set_requires_grad(true);
    });
  }

  int64_t checked_rank(const std::string& path, const MatrixSize& size) const {
    const int64_t rank = numbers_.rank_of(path);
    if (rank > std::min(size.out, size.in))
      base::input_error("adapters.lora",
                        {base::cat("the rank is larger than ", path, " of [", size.out, ", ", size.in, "]"), base::cat(rank),
                         base::cat("at most ", std::min(size.out, size.in)), "a smaller adapter.r, or a rank_pattern for it"});
    return rank;
  }

  at::Tensor learned(const at::Tensor& value) const {
    return value.to(decoder_.options().device, decoder_.options().dtype).set_requires_grad(true);
  }

  void wrap_linear(const std::string& path, uint64_t seed) {
    at::NoGradGuard no_grad;
    nn::Module& base = *decoder_.find(path);
    const MatrixSize size = *matrix_size(base);
    const int64_t rank = checked_rank(path, size);
    const double scale = numbers_.scale_of(path);
    swapped_ |= stored_swapped(base);
    FirstValues first = {at::zeros({rank, size.in}), at::zeros({size.out, rank}), options_.init == "pissa"};
    if (fresh_) first = base::find_row(inits(), options_.init, "adapters.init").make(init_target(path, base, seed, rank, scale));
    at::Tensor lengths;
    if (options_.dora) {
      const at::Tensor weight = kept_weight(base);
      const at::ScalarType wide = weight.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
      const auto on = [&](const at::Tensor& x) { return x.to(weight.device(), wide); };
      lengths = row_lengths(weight.to(wide), on(first.a), on(first.b), scale).set_requires_grad(true);
    }
    if (first.taken) {
      taken_.push_back({path, first.a.clone(), first.b.clone(), scale});  // what learns is changed in place
      if (fresh_) take_off(taken_.back());
    }
    const LoraSettings settings = {scale, options_.dropout, kFirstSite + site_++, decoder_.dropout_state()};
    replace(path, [&](std::unique_ptr<nn::Module> inner) {
      return std::make_unique<LoraLinear>(std::move(inner), learned(first.a), learned(first.b), lengths, settings);
    });
  }

  InitTarget init_target(const std::string& path, nn::Module& base, uint64_t seed, int64_t rank, double scale) const {
    if (options_.init != "pissa" && options_.init != "loftq") {  // a function of the sizes
      const MatrixSize size = *matrix_size(base);
      const at::Tensor shape = at::empty({size.out, size.in}, at::TensorOptions().device(at::kMeta));
      return {path, seed, rank, scale, shape, shape};
    }
    const at::Tensor weight = weights_ ? file_weight(decoder_, *weights_, path) : dense_weight(base);
    return {path, seed, rank, scale, weight.to(at::kCPU, at::kFloat), kept_weight(base).to(at::kCPU, at::kFloat)};
  }

  /// What the layer will compute with.
  at::Tensor kept_weight(nn::Module& base) const {
    const at::Tensor weight = dense_weight(base);
    if (options_.quantize != "nf4" || dynamic_cast<Nf4Linear*>(&base)) return weight;
    const Nf4Matrix small = quantize_nf4(weight, options_.double_quant);
    return dequantize_rows(small, 0, small.rows, at::kFloat);
  }

  void wrap_embedding(const std::string& path, uint64_t seed) {
    const at::Tensor weight = decoder_.find(path)->parameter("weight");
    const int64_t rank = checked_rank(path, {weight.size(1), weight.size(0)});
    if (options_.dora || options_.init == "pissa" || options_.init == "loftq")
      base::input_error("adapters.lora",
                        {"an embedding learns by plain LoRA only", path, "", "leave it out of targets, or init: kaiming"});
    at::Tensor a = at::zeros({rank, weight.size(0)}), b = at::zeros({weight.size(1), rank});
    if (fresh_) b = normal_values({weight.size(1), rank}, 1, seed, path + ".lora_embedding_B");
    replace(path, [&](std::unique_ptr<nn::Module> inner) {
      return std::make_unique<LoraEmbedding>(std::move(inner), learned(a), learned(b), numbers_.scale_of(path));
    });
  }

  template <typename Wrap>
  void replace(const std::string& path, const Wrap& wrap) {
    class Nothing : public nn::Module {};
    std::unique_ptr<nn::Module> inner = decoder_.replace(path, std::make_unique<Nothing>());
    decoder_.replace(path, wrap(std::move(inner)));
  }

  /// W - s B A, rounded once to the weight's own type.
  void take_off(const Taken& t) {
    at::NoGradGuard no_grad;
    nn::Module* module = decoder_.find(t.path);
    if (nn::Module* inner = module->child("base_layer")) module = inner;
    at::Tensor weight = dense_weight(*module);
    weight.copy_(weight.to(at::kFloat) - (nn::product(t.b, t.a) * t.scale).to(weight.device()));
  }

  /// What is appended to a learned A or B so that the file's product is the difference to the first one.
  std::pair<at::Tensor, int64_t> first_values(const std::string& name) const {
    for (const Taken& t : taken_) {
      if (name == t.path + ".lora_A.weight") return {t.a, 0};
      if (name == t.path + ".lora_B.weight") return {t.b.neg(), 1};
    }
    return {{}, 0};
  }

  nn::Decoder& decoder_;
  AdapterOptions options_;
  const checkpoint::Checkpoint* weights_;  // only while the constructor runs
  bool fresh_, swapped_ = false;
  models::AdapterConfig numbers_;
  TargetWords words_;
  std::vector<std::string> saved_;
  std::vector<Taken> taken_;
  uint32_t site_ = 0;
};

}  // namespace

std::unique_ptr<Adapter> attach_lora(const AdapterContext& context) { return std::make_unique<Lora>(context); }

}  // namespace athanor::adapters
