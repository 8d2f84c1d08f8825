// From a family's table to a tree of modules. Paths and names come from the slots; which parts exist follows from which slots do.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <numbers>

#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/base/threads.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::nn {
namespace {

using models::Slot;

/// A module that only holds others ("model", "model.layers").
class Group : public Module {
 public:
  using Module::add_child;
};

std::string_view above(std::string_view path) {
  size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? "" : path.substr(0, dot);
}

std::string last(std::string_view path) { return std::string(path.substr(path.rfind('.') + 1)); }  // npos + 1 is 0

/// Independent normal numbers with the given deviation; number i depends on (seed, name, i) alone.
void fill_normal(at::Tensor& parameter, double deviation, uint64_t seed, const std::string& name) {
  const int64_t count = parameter.numel(), blocks = (count + 3) / 4;
  at::Tensor values = at::empty({4 * blocks}, at::kFloat);
  float* out = values.data_ptr<float>();
  const uint64_t key = base::hash64(name, seed);
  base::parallel_for(blocks, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto words = base::philox_at(key, 0, base::Purpose::kInit, static_cast<uint64_t>(block));
      for (size_t i = 0; i < 4; i += 2) {  // Box-Muller: two words make two numbers
        const double u = (words[i] + 0.5) * 0x1p-32, turn = 2 * std::numbers::pi * ((words[i + 1] + 0.5) * 0x1p-32);
        const double radius = deviation * std::sqrt(-2 * std::log(u));
        out[4 * block + static_cast<int64_t>(i)] = static_cast<float>(radius * std::cos(turn));
        out[4 * block + static_cast<int64_t>(i) + 1] = static_cast<float>(radius * std::sin(turn));
      }
    }
  });
  parameter.copy_(values.narrow(0, 0, count).view(parameter.sizes()));
}

bool is_norm(Slot slot) { return slot == Slot::kFinalNorm || slot == Slot::kAttnNorm || slot == Slot::kFfnNorm; }

}  // namespace

class DecoderBuilder {
 public:
  explicit DecoderBuilder(Decoder& decoder) : decoder_(decoder), model_(decoder.model_), options_(decoder.options_) {}

  void build() {
    const models::DecoderSpec& spec = model_.spec;
    decoder_.token_embedding_ = place_embedding(Slot::kTokenEmbedding);
    if (spec.position == models::PositionKind::kLearned) decoder_.position_embedding_ = place_embedding(Slot::kPositionEmbedding);
    if (spec.position == models::PositionKind::kRope) decoder_.rotary_ = Rotary(spec.rope, spec.max_positions, options_.device);
    for (int64_t i = 0; i < spec.layers; ++i) {
      std::string path(above(above(path_of(Slot::kDown, i))));
      place(path, decoder_layer(path, i));
      decoder_.layer_paths_.push_back(std::move(path));
    }
    decoder_.final_norm_ = path_of(Slot::kFinalNorm, -1);
    place(decoder_.final_norm_, norm(Slot::kFinalNorm, Slot::kFinalNormBias, -1).layer);
    if (spec.tied_head) return;
    decoder_.head_ = path_of(Slot::kHead, -1);
    place(decoder_.head_, std::make_unique<Linear>(parameter(Slot::kHead)));
  }

 private:
  bool has(Slot slot, int64_t layer) const { return !models::weight_name(model_, slot, layer).empty(); }

  /// The module of a slot: its weight's name without ".weight".
  std::string path_of(Slot slot, int64_t layer) const {
    std::string name = models::weight_name(model_, slot, layer);
    if (name.empty() || last(name) != "weight")
      base::bug("nn.decoder", {"a slot without a weight name", name, "", model_.family->name});
    return std::string(above(name));
  }

  at::Tensor parameter(Slot slot) const {
    const std::vector<int64_t> shape = models::weight_shape(model_, slot);
    const bool vector_in_f32 = shape.size() == 1 && options_.dtype != at::kDouble;
    at::Tensor value =
        at::zeros(shape, at::TensorOptions().dtype(vector_in_f32 ? at::kFloat : options_.dtype).device(options_.device));
    if (is_norm(slot)) value.fill_(1);
    return value.set_requires_grad(true);
  }

  NamedLayer linear(Slot weight, Slot bias, int64_t layer) const {
    bool transposed = false;
    for (const models::SlotName& row : model_.slots)
      if (row.slot == weight) transposed = row.transposed;
    at::Tensor offset = has(bias, layer) ? parameter(bias) : at::Tensor();
    return {last(path_of(weight, layer)), std::make_unique<Linear>(parameter(weight), offset, transposed)};
  }

  NamedLayer norm(Slot weight, Slot bias, int64_t layer) const {
    const double eps = model_.spec.norm_eps;
    const std::string name = last(path_of(weight, layer));
    if (model_.spec.norm == models::NormKind::kRms) return {name, std::make_unique<RmsNorm>(parameter(weight), eps)};
    at::Tensor offset = has(bias, layer) ? parameter(bias) : at::Tensor();
    return {name, std::make_unique<LayerNorm>(parameter(weight), offset, eps)};
  }

  std::unique_ptr<Module> decoder_layer(const std::string& path, int64_t i) const {
    const models::DecoderSpec& spec = model_.spec;
    std::vector<NamedLayer> inputs;
    if (spec.fused_qkv) {
      inputs.push_back(linear(Slot::kQkv, Slot::kQkvBias, i));
    } else {
      inputs.push_back(linear(Slot::kQ, Slot::kQBias, i));
      inputs.push_back(linear(Slot::kK, Slot::kKBias, i));
      inputs.push_back(linear(Slot::kV, Slot::kVBias, i));
    }
    const double scale = spec.attention_scale != 0 ? spec.attention_scale : 1.0 / std::sqrt(static_cast<double>(spec.head_dim));
    const std::string attention_path(above(path_of(Slot::kAttnOut, i))), ffn_path(above(path_of(Slot::kDown, i)));
    base::expect(above(attention_path) == path && above(ffn_path) == path, "nn.decoder",
                 "attention and feed-forward lie in the layer");

    NamedLayer gate = spec.gated ? linear(Slot::kGate, Slot::kGateBias, i) : NamedLayer{};
    auto ffn = std::make_unique<FeedForward>(spec.activation, std::move(gate), linear(Slot::kUp, Slot::kUpBias, i),
                                             linear(Slot::kDown, Slot::kDownBias, i));
    auto attention = std::make_unique<Attention>(AttentionShape{spec.heads, spec.kv_heads, spec.head_dim, scale}, std::move(inputs),
                                                 linear(Slot::kAttnOut, Slot::kAttnOutBias, i));
    return std::make_unique<DecoderLayer>(DecoderLayer::Parts{norm(Slot::kAttnNorm, Slot::kAttnNormBias, i),
                                                              last(attention_path),
                                                              std::move(attention),
                                                              norm(Slot::kFfnNorm, Slot::kFfnNormBias, i),
                                                              {last(ffn_path), std::move(ffn)}});
  }

  std::string place_embedding(Slot slot) {
    std::string path = path_of(slot, -1);
    place(path, std::make_unique<Embedding>(parameter(slot)));
    return path;
  }

  /// Puts a module at a path of the tree, with groups on the way.
  void place(std::string_view path, std::unique_ptr<Module> module) {
    const size_t dot = path.find('.');
    const std::string first(path.substr(0, dot));
    if (dot == std::string_view::npos) return decoder_.add_child(first, std::move(module));
    if (!decoder_.child(first)) decoder_.add_child(first, std::make_unique<Group>());
    auto* group = dynamic_cast<Group*>(decoder_.child(first));
    for (path = path.substr(dot + 1); path.find('.') != std::string_view::npos; path = path.substr(path.find('.') + 1)) {
      const std::string name(path.substr(0, path.find('.')));
      if (!group->child(name)) group->add_child(name, std::make_unique<Group>());
      group = dynamic_cast<Group*>(group->child(name));
      base::expect(group != nullptr, "nn.decoder", "two parts of the model share a path");
    }
    group->add_child(std::string(path), std::move(module));
  }

  Decoder& decoder_;
  const models::DecoderModel& model_;
  const DecoderOptions& options_;
};

Decoder::Decoder(const models::DecoderModel& model, const DecoderOptions& options) : model_(model), options_(options) {
  DecoderBuilder(*this).build();
}

std::unique_ptr<Decoder> Decoder::build(const models::DecoderModel& model, const DecoderOptions& options, uint64_t seed) {
  auto decoder = std::make_unique<Decoder>(model, options);
  at::NoGradGuard no_grad;
  const models::DecoderSpec& spec = model.spec;
  std::vector<std::string> residual;
  for (int64_t i = 0; i < spec.layers; ++i) {
    residual.push_back(models::weight_name(model, Slot::kAttnOut, i));
    residual.push_back(models::weight_name(model, Slot::kDown, i));
  }
  for (auto& [name, parameter] : decoder->named_parameters()) {
    if (parameter->dim() != 2) continue;
    const bool is_residual = std::find(residual.begin(), residual.end(), name) != residual.end();
    fill_normal(*parameter, is_residual ? spec.residual_init_std : spec.init_std, seed, name);
  }
  return decoder;
}

}  // namespace athanor::nn
