#include "athanor/learn/nn/decoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/learn/nn/adaptive_head.h"
#include "athanor/learn/nn/embedding_noise.h"
#include "athanor/learn/nn/layers.h"
#include "athanor/learn/nn/recompute.h"

namespace athanor::nn {
namespace {

/// Throws where a number of `values` (CPU tensors only: looking at a GPU's would wait for it) is outside [0, limit).
void check_range(const at::Tensor& values, int64_t limit, const char* what, const char* advice) {
  if (!values.device().is_cpu()) return;
  for (const at::Tensor& extreme : {values.min(), values.max()}) {
    const int64_t value = extreme.item().toLong();
    if (value < 0 || value >= limit) {
      base::input_error("nn.decoder", {what, std::to_string(value), base::cat("0 to ", limit - 1), advice});
    }
  }
}

void check_shape(const DecoderInput& input) {
  const at::Tensor& ids = input.ids;
  if (ids.dim() != 2 || ids.numel() == 0) {
    base::input_error("nn.decoder",
                      {"ids have a bad shape", checkpoint::shape_text(ids.sizes()), "[batch, time], both at least 1"});
  }
  for (const at::Tensor* other : {&input.positions, &input.row_start}) {
    base::expect(!other->defined() || other->sizes() == ids.sizes(), "nn.decoder", "positions and row_start have the shape of ids");
  }
}

void check_row_start(const at::Tensor& row_start) {
  if (!row_start.device().is_cpu()) return;
  at::Tensor last = at::arange(row_start.size(1), row_start.options());
  const bool good = row_start.ge(0).logical_and(row_start.le(last)).all().item().toBool();
  base::expect(good, "nn.decoder", "row_start must lie in 0 .. its own position");
}

}  // namespace

Pass Decoder::begin_pass(const DecoderInput& input) {
  const models::DecoderSpec& spec = model_.spec;
  check_shape(input);
  check_range(input.ids, spec.vocab, "a token id is outside the vocabulary", "use the model's own tokenizer");

  Pass pass;
  pass.attention = options_.attention;
  if (input.row_start.defined()) {
    check_row_start(input.row_start);
    pass.row_start = input.row_start.to(at::kInt);
  }
  int64_t length = input.ids.size(1);
  if (input.positions.defined()) {
    pass.positions = input.positions.to(at::kInt);
    length = std::max(length, input.positions.max().item().toLong() + 1);
  } else {
    pass.positions = at::arange(length, input.ids.options().dtype(at::kInt)).expand(input.ids.sizes());
  }
  if (spec.position == models::PositionKind::kLearned) {
    check_range(pass.positions, spec.max_positions, "a position is beyond the model's learned positions", "use shorter sequences");
  } else if (spec.position == models::PositionKind::kRope) {
    check_range(pass.positions, length, "a position is negative", "");
    pass.rotary = rotary_.table(length);
    if (spec.local_rope.dims > 0) pass.local_rotary = local_rotary_.table(length);
  }
  if (dropout_->on) {
    pass.dropout = spec.dropout;
    pass.key = dropout_->key;
  }
  return pass;
}

at::Tensor Decoder::through(Block& layer, const at::Tensor& x, Pass& pass) {
  if (!options_.recompute_layers) return layer.forward(x, pass);
  auto end = std::make_shared<Pass>();
  at::Tensor y = recomputed(x, [&layer, start = pass, end](const at::Tensor& input) {
    *end = start;
    return layer.forward(input, *end);
  });
  pass = *end;
  return y;
}

at::Tensor Decoder::embedded(const at::Tensor& ids, Pass& pass) {
  at::Tensor x = layer_at(*this, token_embedding_).forward(ids);  // [B, T, C]
  if (dropout_->on && embedding_noise_ > 0) x = noisy_embeddings(x, embedding_noise_, dropout_->key.seed, dropout_->key.step);
  if (model_.spec.embedding_scale != 1) x = x * model_.spec.embedding_scale;
  if (pass.virtual_tokens) {
    if (const at::Tensor rows = pass.virtual_tokens->embeddings(); rows.defined()) {
      const at::Tensor chosen = rows.to(x.scalar_type()).index_select(0, pass.virtual_index.clamp_min(0).flatten());
      x = at::where(pass.virtual_index.ge(0).unsqueeze(-1), chosen.view(x.sizes()), x);
    }
  }
  if (!position_embedding_.empty()) x = x + layer_at(*this, position_embedding_).forward(pass.positions);
  if (!embedding_norm_.empty()) x = layer_at(*this, embedding_norm_).forward(x);
  return pass.drop(x);
}

at::Tensor Decoder::run_layers(const DecoderInput& input, Pass pass, std::vector<at::Tensor>* states) {
  at::Tensor x = embedded(input.ids, pass);
  if (states) states->assign(1, x);
  for (const std::string& path : layer_paths_) {
    auto* layer = dynamic_cast<Block*>(find(path));
    if (!layer) base::bug("nn.decoder", {"no layer at this path", path});
    x = through(*layer, x, pass);
    ++pass.layer;
    if (states) states->push_back(x);
  }
  x = layer_at(*this, final_norm_).forward(x);
  if (states) states->back() = x;
  return x;
}

at::Tensor Decoder::hidden(const DecoderInput& input, std::vector<at::Tensor>* states) {
  if (!virtual_tokens_) return run_layers(input, begin_pass(input), states);
  check_shape(input);
  const SpreadRows rows = spread_rows(input.ids, input.positions, input.row_start, virtual_tokens_->count());
  const DecoderInput wide = {rows.ids, rows.positions, rows.row_start};
  Pass pass = begin_pass(wide);
  pass.virtual_tokens = virtual_tokens_;
  virtual_tokens_->begin_pass();
  pass.virtual_index = rows.virtual_index;
  const auto given = [&](const at::Tensor& x) {
    return x.flatten(0, 1).index_select(0, rows.given).view({input.ids.size(0), input.ids.size(1), x.size(2)});
  };
  at::Tensor x = given(run_layers(wide, std::move(pass), states));
  if (states)
    for (at::Tensor& state : *states) state = given(state);
  return x;
}

void Decoder::prepend(std::string name, std::unique_ptr<VirtualTokens> tokens) {
  base::expect(!virtual_tokens_, "nn.decoder", "virtual tokens are there already");
  virtual_tokens_ = tokens.get();
  add_child(std::move(name), std::move(tokens));
}

at::Tensor Decoder::head_weight() {
  Module* owner = find(head_.empty() ? token_embedding_ : head_);
  if (head_.empty()) {
    if (Module* wrapped = owner ? owner->child("base_layer") : nullptr) owner = wrapped;  // of what surgery put around it
    base::expect(owner && owner->has_parameter("weight"), "nn.decoder", "a tied head needs the token embedding's weight");
    return owner->parameter("weight");
  }
  auto* plain = dynamic_cast<Linear*>(owner);
  return plain && !plain->transposed() && !plain->has_parameter("bias") ? plain->parameter("weight") : at::Tensor();
}

at::Tensor Decoder::scaled(const at::Tensor& hidden) const {
  return model_.spec.logit_scale == 1 ? hidden : hidden * model_.spec.logit_scale;
}

void Decoder::expect_vocabulary() const {
  if (!score_.empty())
    base::input_error("nn.decoder",
                      {"a classifier has no scores of tokens", "", "a language model", "stage: classify, or athanor classify"});
}

at::Tensor Decoder::label_scores(const DecoderInput& input, const at::Tensor& places) {
  base::expect(!score_.empty(), "nn.decoder", "labels are a classifier's");
  const at::Tensor scores = layer_at(*this, score_).forward(hidden(input).flatten(0, 1).index_select(0, places));
  return scores.scalar_type() == at::kDouble ? scores : scores.to(at::kFloat);
}

at::Tensor Decoder::logits(const at::Tensor& hidden) {
  expect_vocabulary();
  const at::Tensor states = scaled(hidden);
  at::Tensor scores = head_.empty() ? nn::linear(states, head_weight()) : layer_at(*this, head_).forward(states);
  if (scores.scalar_type() != at::kDouble) scores = scores.to(at::kFloat);
  const double cap = model_.spec.logit_cap;
  return cap == 0 ? scores : (scores / cap).tanh() * cap;
}

at::Tensor Decoder::loss(const DecoderInput& input, const at::Tensor& targets) {
  expect_vocabulary();
  base::expect(targets.sizes() == input.ids.sizes(), "nn.decoder", "targets have the shape of ids");
  check_range(targets.masked_fill(targets.eq(-100), 0), model_.spec.vocab, "a target is outside the vocabulary", "");
  at::Tensor rows = hidden(input).flatten(0, 1), flat = targets.to(at::kInt).flatten();
  if (auto* adaptive = head_.empty() ? nullptr : dynamic_cast<AdaptiveHead*>(find(head_)))
    return adaptive->loss(scaled(rows), flat);
  at::Tensor weight = head_weight();
  if (weight.defined() && model_.spec.logit_cap == 0) return linear_cross_entropy(scaled(rows), weight, flat);
  // Capped logits, or a head that surgery has changed: all logits are made at once.
  return at::cross_entropy_loss(logits(rows), flat.to(at::kLong), {}, at::Reduction::Sum, -100);
}

void Decoder::train(uint64_t seed, uint64_t step) {
  dropout_->on = true;
  dropout_->key = {seed, step, 0};
}

}  // namespace athanor::nn
