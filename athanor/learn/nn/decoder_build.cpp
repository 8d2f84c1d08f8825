// From a family's table to a tree of modules. Paths and names come from the slots; which parts exist follows from which slots do.

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/adaptive_head.h"
#include "athanor/learn/nn/decoder.h"
#include "athanor/learn/nn/experts.h"
#include "athanor/learn/nn/latent_attention.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::nn {
namespace {

using models::Slot;

std::string_view above(std::string_view path) {
  size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? "" : path.substr(0, dot);
}

std::string last(std::string_view path) { return std::string(path.substr(path.rfind('.') + 1)); }  // npos + 1 is 0

bool is_norm(Slot slot) {
  switch (slot) {
    case Slot::kEmbeddingNorm:
    case Slot::kFinalNorm:
    case Slot::kAttnNorm:
    case Slot::kAttnPostNorm:
    case Slot::kFfnNorm:
    case Slot::kFfnPostNorm:
    case Slot::kQNorm:
    case Slot::kKNorm:
    case Slot::kQDownNorm:
    case Slot::kKvDownNorm:
      return true;
    default:
      return false;
  }
}

}  // namespace

class DecoderBuilder {
 public:
  explicit DecoderBuilder(Decoder& decoder) : decoder_(decoder), model_(decoder.model_), options_(decoder.options_) {}

  void build() {
    const models::DecoderSpec& spec = model_.spec;
    decoder_.token_embedding_ = place_embedding(Slot::kTokenEmbedding);
    if (spec.position == models::PositionKind::kLearned) decoder_.position_embedding_ = place_embedding(Slot::kPositionEmbedding);
    if (spec.position == models::PositionKind::kRope) decoder_.rotary_ = Rotary(spec.rope, spec.max_positions, options_.device);
    if (spec.local_rope.dims > 0) decoder_.local_rotary_ = Rotary(spec.local_rope, spec.max_positions, options_.device);
    if (has(Slot::kEmbeddingNorm, -1)) {
      decoder_.embedding_norm_ = path_of(Slot::kEmbeddingNorm, -1);
      place(decoder_.embedding_norm_, norm(Slot::kEmbeddingNorm, Slot::kEmbeddingNormBias, -1).layer);
    }
    for (int64_t i = 0; i < spec.layers; ++i) {
      std::string path(above(above(path_of(Slot::kAttnOut, i))));
      place(path, decoder_layer(path, i));
      decoder_.layer_paths_.push_back(std::move(path));
    }
    decoder_.final_norm_ = path_of(Slot::kFinalNorm, -1);
    place(decoder_.final_norm_, norm(Slot::kFinalNorm, Slot::kFinalNormBias, -1).layer);
    if (spec.labels > 0) {
      decoder_.score_ = path_of(Slot::kScore, -1);
      place(decoder_.score_, std::make_unique<Linear>(parameter(Slot::kScore)));
    }
    if (spec.adaptive.clusters() > 0) place_adaptive_head();
    if (spec.tied_head || spec.labels > 0 || spec.adaptive.clusters() > 0) return;
    decoder_.head_ = path_of(Slot::kHead, -1);
    place(decoder_.head_, std::make_unique<Linear>(parameter(Slot::kHead)));
  }

 private:
  bool has(Slot slot, int64_t layer) const { return !models::weight_name(model_, slot, layer).empty(); }

  /// The module of a slot: its weight's name without ".weight".
  std::string path_of(Slot slot, int64_t layer, int64_t expert = -1) const {
    std::string name = models::weight_name(model_, slot, layer, expert);
    if (name.empty() || last(name) != "weight")
      base::bug("nn.decoder", {"a slot without a weight name", name, "", model_.family->name});
    return std::string(above(name));
  }

  at::Tensor parameter(Slot slot, int64_t part = -1) const {
    const std::vector<int64_t> shape = models::weight_shape(model_, slot, part);
    const bool vector_in_f32 = shape.size() == 1 && options_.dtype != at::kDouble;
    const at::Device device = options_.without_memory ? at::Device(at::kMeta) : options_.device;
    at::Tensor value = at::zeros(shape, at::TensorOptions().dtype(vector_in_f32 ? at::kFloat : options_.dtype).device(device));
    if (is_norm(slot)) value.fill_(1 - model_.spec.norm_offset);
    return value.set_requires_grad(true);
  }

  NamedLayer linear(Slot weight, Slot bias, int64_t layer) const {
    bool transposed = false;
    for (const models::SlotName& row : model_.slots)
      if (row.slot == weight) transposed = row.transposed;
    at::Tensor offset = has(bias, layer) ? parameter(bias) : at::Tensor();
    return {last(path_of(weight, layer)), std::make_unique<Linear>(parameter(weight), offset, transposed)};
  }

  NamedLayer linear(Slot weight, int64_t layer, int64_t expert = -1) const {
    return {last(path_of(weight, layer, expert)), std::make_unique<Linear>(parameter(weight))};
  }

  /// The layer is null where the model has no such norm.
  NamedLayer norm(Slot weight, Slot bias, int64_t layer) const {
    if (!has(weight, layer)) return {};
    const double eps = model_.spec.norm_eps;
    const std::string name = last(path_of(weight, layer));
    if (model_.spec.norm == models::NormKind::kRms)
      return {name, std::make_unique<RmsNorm>(parameter(weight), eps, model_.spec.norm_offset)};
    at::Tensor offset = has(bias, layer) ? parameter(bias) : at::Tensor();
    return {name, std::make_unique<LayerNorm>(parameter(weight), offset, eps)};
  }

  /// A norm without a bias, whatever the model's other norms have.
  NamedLayer rms_norm(Slot weight, int64_t layer, double eps) const {
    if (!has(weight, layer)) return {};
    return {last(path_of(weight, layer)), std::make_unique<RmsNorm>(parameter(weight), eps, model_.spec.norm_offset)};
  }

  /// Of queries or keys.
  NamedLayer qk_norm(Slot weight, int64_t layer) const {
    const models::DecoderSpec& spec = model_.spec;
    if (spec.qk_norm != models::QkNorm::kEachHead) return rms_norm(weight, layer, spec.norm_eps);
    std::vector<at::Tensor> weights;
    const int64_t heads = weight == Slot::kQNorm ? spec.heads : spec.kv_heads;
    for (int64_t h = 0; h < heads; ++h) weights.push_back(parameter(weight));
    const std::string first = path_of(weight, layer, 0);  // "....q_layernorm.norms.0"
    return {last(above(above(first))), std::make_unique<HeadNorms>(weights, spec.norm_eps)};
  }

  double attention_scale() const {
    const models::DecoderSpec& spec = model_.spec;
    return spec.attention_scale != 0 ? spec.attention_scale : 1.0 / std::sqrt(static_cast<double>(spec.head_dim));
  }

  at::Tensor alibi() const {
    if (model_.spec.position != models::PositionKind::kAlibi) return {};
    const std::vector<float> slopes = models::alibi_slopes(model_.spec.heads);
    at::Tensor values = at::empty({model_.spec.heads}, at::kFloat);
    for (size_t h = 0; h < slopes.size(); ++h)
      values.data_ptr<float>()[h] = slopes[h] * static_cast<float>(model_.spec.alibi_scale);
    return values.to(options_.device);
  }

  std::unique_ptr<Block> plain_attention(int64_t i) const {
    const models::DecoderSpec& spec = model_.spec;
    const models::LayerSpec kind = spec.layer(i);
    std::vector<NamedLayer> inputs, norms;
    if (spec.fused_qkv) {
      inputs.push_back(linear(Slot::kQkv, Slot::kQkvBias, i));
    } else {
      inputs.push_back(linear(Slot::kQ, Slot::kQBias, i));
      inputs.push_back(linear(Slot::kK, Slot::kKBias, i));
      inputs.push_back(linear(Slot::kV, Slot::kVBias, i));
    }
    if (spec.qk_norm != models::QkNorm::kNone) {
      norms.push_back(qk_norm(Slot::kQNorm, i));
      norms.push_back(qk_norm(Slot::kKNorm, i));
    }
    AttentionShape shape = {.heads = spec.heads,
                            .kv_heads = spec.kv_heads,
                            .head_dim = spec.head_dim,
                            .scale = attention_scale(),
                            .by_group = spec.qkv_by_group,
                            .qk_norm = spec.qk_norm,
                            .rope = kind.rope,
                            .window = kind.window,
                            .cap = spec.attention_cap,
                            .slopes = alibi()};
    return std::make_unique<Attention>(std::move(shape), std::move(inputs), std::move(norms),
                                       linear(Slot::kAttnOut, Slot::kAttnOutBias, i));
  }

  std::unique_ptr<Block> latent_attention(int64_t i) const {
    const models::DecoderSpec& spec = model_.spec;
    const models::LatentSpec& latent = spec.latent;
    LatentAttention::Parts parts;
    if (latent.q_rank > 0) {
      parts.queries.push_back(linear(Slot::kQDown, i));
      parts.queries.push_back(rms_norm(Slot::kQDownNorm, i, latent.norm_eps));
      parts.queries.push_back(linear(Slot::kQUp, i));
    } else {
      parts.queries.push_back(linear(Slot::kQ, i));
    }
    parts.kv_down = linear(Slot::kKvDown, i);
    parts.kv_norm = rms_norm(Slot::kKvDownNorm, i, latent.norm_eps);
    parts.kv_up = linear(Slot::kKvUp, i);
    parts.output = linear(Slot::kAttnOut, i);
    const LatentAttention::Shape shape = {spec.heads,        latent.plain_dim, latent.rope_dim,
                                          spec.value_size(), latent.kv_rank,   attention_scale()};
    return std::make_unique<LatentAttention>(shape, std::move(parts));
  }

  NamedLayer feed_forward(int64_t i) const {
    const models::DecoderSpec& spec = model_.spec;
    const std::string name = last(above(path_of(Slot::kDown, i)));
    NamedLayer gate = spec.gated && !spec.fused_gate_up ? linear(Slot::kGate, Slot::kGateBias, i) : NamedLayer{};
    NamedLayer up = spec.fused_gate_up ? linear(Slot::kGateUp, i) : linear(Slot::kUp, Slot::kUpBias, i);
    return {name, std::make_unique<FeedForward>(spec.activation, std::move(gate), std::move(up),
                                                linear(Slot::kDown, Slot::kDownBias, i), spec.fused_gate_up)};
  }

  NamedLayer experts(int64_t i) const {
    const models::DecoderSpec& spec = model_.spec;
    const std::string router = path_of(Slot::kRouter, i), first = path_of(Slot::kExpertDown, i, 0);  // "....experts.0.w2"
    std::vector<std::unique_ptr<Layer>> each;
    for (int64_t e = 0; e < spec.experts.count; ++e)
      each.push_back(std::make_unique<FeedForward>(spec.activation, linear(Slot::kExpertGate, i, e), linear(Slot::kExpertUp, i, e),
                                                   linear(Slot::kExpertDown, i, e)));
    NamedLayer shared;
    if (spec.experts.shared_ffn > 0)
      shared = {last(above(path_of(Slot::kSharedDown, i))),
                std::make_unique<FeedForward>(spec.activation, linear(Slot::kSharedGate, i), linear(Slot::kSharedUp, i),
                                              linear(Slot::kSharedDown, i))};
    const bool corrected = spec.experts.correction;
    auto route = std::make_unique<Router>(parameter(Slot::kRouter),
                                          corrected ? last(models::weight_name(model_, Slot::kRouterCorrection, i)) : "",
                                          corrected ? parameter(Slot::kRouterCorrection) : at::Tensor());
    return {last(above(router)), std::make_unique<ExpertsLayer>(spec.experts, last(router), std::move(route),
                                                                last(above(above(first))), std::move(each), std::move(shared))};
  }

  std::unique_ptr<Module> decoder_layer(const std::string& path, int64_t i) const {
    const models::DecoderSpec& spec = model_.spec;
    const std::string attention_path(above(path_of(Slot::kAttnOut, i)));
    DecoderLayer::Parts parts;
    parts.attention_name = last(attention_path);
    parts.attention = spec.latent.kv_rank > 0 ? latent_attention(i) : plain_attention(i);
    parts.ffn = spec.layer(i).experts ? experts(i) : feed_forward(i);
    base::expect(above(attention_path) == path, "nn.decoder", "attention lies in the layer");
    parts.attention_norm = norm(Slot::kAttnNorm, Slot::kAttnNormBias, i);
    parts.attention_post_norm = rms_norm(Slot::kAttnPostNorm, i, spec.norm_eps);
    parts.ffn_norm = norm(Slot::kFfnNorm, Slot::kFfnNormBias, i);
    parts.ffn_post_norm = rms_norm(Slot::kFfnPostNorm, i, spec.norm_eps);
    parts.parallel = spec.parallel_residual;
    parts.shared_norm = spec.shared_norm;
    parts.scale = spec.residual_scale;
    return std::make_unique<DecoderLayer>(std::move(parts));
  }

  void place_adaptive_head() {
    const models::AdaptiveSpec& adaptive = model_.spec.adaptive;
    std::vector<at::Tensor> weights = {parameter(Slot::kAdaptiveHead)};
    for (int64_t k = 0; k < adaptive.clusters(); ++k)
      for (Slot slot : {Slot::kTailDown, Slot::kTailUp}) weights.push_back(parameter(slot, k));
    decoder_.head_ = std::string(above(path_of(Slot::kAdaptiveHead, -1)));
    place(decoder_.head_, std::make_unique<AdaptiveHead>(adaptive.cutoffs, model_.spec.vocab, std::move(weights)));
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

}  // namespace athanor::nn
