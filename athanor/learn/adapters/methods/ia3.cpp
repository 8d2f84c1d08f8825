// IA3 (Liu et al. 2022, "Few-shot parameter-efficient fine-tuning is better and cheaper than in-context learning"): one learned
// factor per output of a target, y = l (W x + b), or per input where the target belongs to the feed-forward, y = W (l x) + b. l
// begins at one; merging multiplies rows or columns of W. Checked against PEFT: logits, loss, gradients of l.

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/models/module_names.h"
#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/matrices.h"
#include "athanor/learn/adapters/targets.h"

namespace athanor::adapters {
namespace {

/// Parameter "ia3_l" [in] or [out], f32.
class Ia3Linear : public nn::Layer {
 public:
  Ia3Linear(std::unique_ptr<nn::Module> base, at::Tensor factors, bool inputs) : inputs_(inputs) {
    add_child("base_layer", std::move(base));
    add_parameter("ia3_l", std::move(factors));
  }
  at::Tensor forward(const at::Tensor& x) override {
    nn::Layer& base = nn::layer_at(*this, "base_layer");
    const at::Tensor factors = parameter("ia3_l").to(x.scalar_type());
    return inputs_ ? base.forward(x * factors) : base.forward(x) * factors;
  }

 private:
  bool inputs_;
};

class Nothing : public nn::Module {};

class Ia3 : public Adapter {
 public:
  explicit Ia3(const AdapterContext& context) : options_(context.options) {
    nn::Decoder& decoder = context.decoder;
    const std::vector<std::string> paths = find_targets(decoder, options_.targets, false);
    words_ = target_words(options_.targets, paths);
    for (const std::string& path : paths) {
      nn::Module& base = *decoder.find(path);
      const MatrixSize size = *matrix_size(base);
      const bool inputs = std::any_of(options_.feedforward.begin(), options_.feedforward.end(),
                                      [&](const std::string& name) { return models::names_module(name, path); });
      swapped_ |= stored_swapped(base);
      by_inputs_[path + ".ia3_l"] = inputs;
      at::Tensor factors = at::ones({inputs ? size.in : size.out}, at::TensorOptions().device(decoder.options().device));
      if (decoder.options().dtype == at::kDouble) factors = factors.to(at::kDouble);
      factors.set_requires_grad(true);
      std::unique_ptr<nn::Module> inner = decoder.replace(path, std::make_unique<Nothing>());
      decoder.replace(path, std::make_unique<Ia3Linear>(std::move(inner), factors, inputs));
    }
    saved_ = unfreeze(decoder, options_.modules_to_save);
    task_ = task_type(decoder);
  }

  base::Json config() const override {
    return {{"peft_type", "IA3"},
            {"task_type", task_},
            {"inference_mode", true},
            {"fan_in_fan_out", swapped_},
            {"init_ia3_weights", true},
            {"target_modules", words_.expression.empty() ? base::Json(words_.names) : base::Json(words_.expression)},
            {"feedforward_modules", options_.feedforward},
            {"modules_to_save", saved_.empty() ? base::Json(nullptr) : base::Json(saved_)}};
  }

  std::vector<NamedTensor> arrays(const std::vector<NamedTensor>& learned) const override {
    std::vector<NamedTensor> out;
    for (const auto& [name, value] : learned) {
      const auto found = by_inputs_.find(name);
      out.emplace_back("base_model.model." + name, found == by_inputs_.end() ? value : value.unsqueeze(found->second ? 0 : 1));
    }
    return out;
  }

 private:
  AdapterOptions options_;
  TargetWords words_;
  std::map<std::string, bool> by_inputs_;
  std::vector<std::string> saved_;
  const char* task_ = "";
  bool swapped_ = false;
};

}  // namespace

std::unique_ptr<Adapter> attach_ia3(const AdapterContext& context) { return std::make_unique<Ia3>(context); }

}  // namespace athanor::adapters
