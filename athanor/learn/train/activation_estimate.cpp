#include "athanor/learn/train/activation_estimate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "athanor/core/models/module_names.h"
#include "athanor/learn/adapters/matrices.h"
#include "athanor/learn/nn/functions.h"

namespace athanor::train {
namespace {

using models::Slot;

constexpr double kAllLogitsAlive = 4;  // of capped logits: tanh, softmax and their gradients

/// Whether anything in a module learns.
bool learns(nn::Module& module) {
  bool any = false;
  for (auto& [name, tensor] : module.named_parameters()) any |= tensor->requires_grad();
  return any;
}

class LayerCount {
 public:
  LayerCount(nn::Decoder& decoder, const TrainRecipe& recipe)
      : decoder_(decoder),
        spec_(decoder.model().spec),
        bytes_(recipe.train.dtype == "bf16" ? 2 : 4),
        batch_(static_cast<double>(recipe.train.batch)),
        length_(static_cast<double>(recipe.train.length)),
        dropout_(recipe.adapter.dropout),
        feedforward_(recipe.adapter.feedforward) {
    // Rows become as wide as the one with the most samples, which are two at least where they share rows.
    const int64_t samples = recipe.data.packing ? 2 : 1;
    if (recipe.adapter.on() && decoder.virtual_tokens()) length_ += static_cast<double>(samples * recipe.adapter.virtual_tokens);
    rows_ = batch_ * length_;
    four_bits_ = recipe.adapter.on() && recipe.adapter.quantize == "nf4";
  }

  double kept(int64_t i) const {
    const double numbers = norms(i) + (spec_.latent.kv_rank > 0 ? latent(i) : attention(i)) +
                           (spec_.layer(i).experts ? experts(i) : feed_forward(i)) + beside(i);
    const double statistics = width(spec_.heads) + (spec_.norm == models::NormKind::kRms ? 2 : 4);
    return rows_ * (numbers * bytes_ + 4 * statistics) + scores();
  }

  /// The gradients of the feed-forward's inner numbers and of two streams; or attention scores, several copies of them.
  double passing(int64_t i) const {
    const bool routed = spec_.layer(i).experts;
    // One expert after another, each with its part of the tokens.
    const double inner = routed ? width(spec_.experts.ffn) * width(spec_.experts.chosen) / width(spec_.experts.count) +
                                      width(spec_.experts.shared_ffn)
                                : width(spec_.ffn);
    double most = rows_ * bytes_ * (gates() * inner + 2 * width(spec_.hidden));
    if (spec_.attention_cap != 0) most = std::max(most, 16 * score_count());
    if (four_bits_)
      most += bytes_ * (std::min(width(adapters::kWideNumbers), largest_linear()) + rows_ * std::max(inner, width(spec_.hidden)));
    return most;
  }

  double input() const { return rows_ * width(spec_.hidden) * bytes_; }

  double head() const {
    const double vocab = width(spec_.vocab);
    if (spec_.logit_cap != 0 || head_is_wrapped()) return rows_ * (kAllLogitsAlive * 4 * vocab + 2 * width(spec_.hidden) * bytes_);
    const double block = std::min(rows_, std::max(width(nn::kLeastLogitRows), width(nn::kBlockLogits) / vocab));
    return (block * vocab + 2 * rows_ * width(spec_.hidden)) * bytes_;
  }

 private:
  static double width(int64_t n) { return static_cast<double>(n); }
  double gates() const { return spec_.gated ? 3 : 2; }
  double score_count() const { return batch_ * width(spec_.heads) * length_ * length_; }

  std::string path_of(Slot slot, int64_t layer, int64_t expert = -1) const {
    const std::string name = models::weight_name(decoder_.model(), slot, layer, expert);
    return name.substr(0, name.rfind('.'));
  }
  nn::Module* module_at(Slot slot, int64_t layer) const {
    const std::string path = path_of(slot, layer);
    return path.empty() ? nullptr : decoder_.find(path);
  }

  /// Whether IA3's factors at this path are on inputs.
  bool scales_inputs(const std::string& path) const {
    return std::any_of(feedforward_.begin(), feedforward_.end(),
                       [&](const std::string& name) { return models::names_module(name, path); });
  }

  /// Whether the input of any of these layers is kept for the gradient of what learns in it. IA3 on outputs keeps those instead,
  /// LoRA with dropout a copy for each layer.
  bool needs_input(int64_t layer, std::initializer_list<Slot> slots) const {
    return std::any_of(slots.begin(), slots.end(), [&](Slot slot) {
      const std::string path = path_of(slot, layer, slot == Slot::kExpertGate || slot == Slot::kExpertDown ? 0 : -1);
      nn::Module* module = path.empty() ? nullptr : decoder_.find(path);
      if (!module || !learns(*module)) return false;
      return module->has_parameter("ia3_l") ? scales_inputs(path) : dropout_ == 0 || !module->child("lora_A");
    });
  }

  /// The streams before and after attention, and their norms where a layer that learns reads them.
  double norms(int64_t i) const {
    const double c = width(spec_.hidden);
    const bool first = needs_input(i, {Slot::kQ, Slot::kK, Slot::kV, Slot::kQkv, Slot::kQDown, Slot::kKvDown});
    const bool second = needs_input(i, {Slot::kGate, Slot::kUp, Slot::kGateUp, Slot::kExpertGate, Slot::kSharedGate});
    const double streams = spec_.parallel_residual ? 1 : 2;
    double normed = first ? 1 : 0;
    if (second && !(spec_.parallel_residual && spec_.shared_norm && first)) normed += 1;
    for (Slot post : {Slot::kAttnPostNorm, Slot::kFfnPostNorm})
      if (module_at(post, i)) normed += 1;
    return (streams + normed) * c;
  }

  /// Rotated queries and keys, values, the output. A fused projection's buffer lives as long as the values in it.
  double attention(int64_t i) const {
    const double q = width(spec_.q_width()), kv = width(spec_.kv_width());
    const bool rotates = spec_.position == models::PositionKind::kRope && spec_.layer(i).rope != models::LayerRope::kNone;
    double numbers = 2 * q + 2 * kv;
    if (spec_.fused_qkv && rotates) numbers += q + kv;
    if (spec_.qk_norm != models::QkNorm::kNone) numbers += q + kv;
    if (spec_.attention_cap != 0) numbers += 2 * q;  // keys and values, one for each query head
    return numbers;
  }

  double latent(int64_t i) const {
    const models::LatentSpec& l = spec_.latent;
    const double heads = width(spec_.heads), q = heads * width(l.plain_dim + l.rope_dim);
    const double out = needs_input(i, {Slot::kAttnOut}) ? heads * width(spec_.value_size()) : 0;
    return 2 * width(l.q_rank) + 2 * width(l.kv_rank) + 4 * q + out;
  }

  double feed_forward(int64_t i) const {
    return ((spec_.gated ? 2 : 1) + (needs_input(i, {Slot::kDown}) ? 1 : 0)) * width(spec_.ffn);
  }

  /// Each chosen expert reads a copy of its tokens and makes a row that is weighted; the router's scores are f32.
  double experts(int64_t i) const {
    const models::ExpertsSpec& e = spec_.experts;
    const double inner = needs_input(i, {Slot::kExpertDown}) ? 3 : 2, read = needs_input(i, {Slot::kExpertGate}) ? 1 : 0;
    double numbers = width(e.chosen) * (inner * width(e.ffn) + (1 + read) * width(spec_.hidden));
    numbers += ((needs_input(i, {Slot::kSharedDown}) ? 3 : 2)) * width(e.shared_ffn);
    return numbers + 4 / bytes_ * (2 * width(e.count) + 2 * width(e.chosen)) + (bytes_ < 4 ? 2 * width(spec_.hidden) : 0);
  }

  /// What LoRA's products keep: A x of each, and for DoRA the sum that is scaled, or both its parts where dropout parts them; IA3's
  /// unscaled outputs.
  double beside(int64_t i) const {
    double numbers = 0;
    decoder_.find(decoder_.layer_paths()[static_cast<size_t>(i)])->walk([&](const std::string& path, nn::Module& module) {
      const double share = path.find("experts.") != path.npos && spec_.experts.count > 0
                               ? width(spec_.experts.chosen) / width(spec_.experts.count)
                               : 1;
      if (nn::Module* a = module.child("lora_A")) {
        const at::Tensor& weight = a->parameter("weight");  // [r, in]
        numbers += share * width(weight.size(0) + (dropout_ > 0 ? weight.size(1) : 0));
      }
      if (module.has_parameter("lora_magnitude_vector"))
        numbers += share * (dropout_ > 0 ? 2 : 1) * width(module.parameter("lora_magnitude_vector").size(0));
      if (module.has_parameter("ia3_l") && !scales_inputs(path)) numbers += share * width(module.parameter("ia3_l").numel());
    });
    return numbers;
  }

  /// Capped scores pass through tanh and softmax, which both keep theirs; ALiBi's distances are a mask of every head.
  double scores() const {
    if (spec_.attention_cap != 0) return score_count() * (bytes_ < 4 ? 10 : 8);
    return spec_.position == models::PositionKind::kAlibi ? 4 * score_count() : 0;
  }

  bool head_is_wrapped() const {
    if (spec_.tied_head) return false;
    nn::Module* head = module_at(Slot::kHead, -1);
    return head && head->child("base_layer") != nullptr;
  }

  double largest_linear() const {
    const double ffn = width(std::max(spec_.ffn, spec_.experts.ffn));
    return width(spec_.hidden) * std::max({ffn * (spec_.fused_gate_up ? 2 : 1), width(spec_.q_width())});
  }

  nn::Decoder& decoder_;
  const models::DecoderSpec& spec_;
  double bytes_, batch_, length_, dropout_, rows_ = 0;
  std::vector<std::string> feedforward_;
  bool four_bits_ = false;
};

}  // namespace

ActivationBytes activation_bytes(nn::Decoder& decoder, const TrainRecipe& recipe) {
  const LayerCount count(decoder, recipe);
  ActivationBytes bytes;
  for (int64_t i = 0; i < decoder.model().spec.layers; ++i) {
    bytes.kept.push_back(count.kept(i));
    bytes.passing = std::max(bytes.passing, count.passing(i));
  }
  bytes.input = count.input();
  bytes.head = count.head();
  return bytes;
}

}  // namespace athanor::train
