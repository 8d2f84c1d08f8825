#include "athanor/learn/nn/functions_reference.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include <cmath>
#include <limits>

#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/base/threads.h"

namespace athanor::nn::reference {
namespace {

/// f32, except that f64 stays f64 (gradient checks).
at::ScalarType statistics_type(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

/// [B, 1, T, T], true where position t sees j.
at::Tensor visible(const at::Tensor& row_start, int64_t length, at::Device device) {
  at::Tensor j = at::arange(length, at::TensorOptions().dtype(at::kInt).device(device));
  at::Tensor causal = j.view({1, 1, 1, length}).le(j.view({1, 1, length, 1}));
  if (!row_start.defined()) return causal;
  return causal.logical_and(j.view({1, 1, 1, length}).ge(row_start.unsqueeze(1).unsqueeze(-1)));
}

/// [H, T, T], slopes[h] * (j - t).
at::Tensor distances(const at::Tensor& slopes, int64_t length, at::ScalarType type) {
  at::Tensor j = at::arange(length, slopes.options().dtype(type));
  return slopes.to(type).view({-1, 1, 1}) * (j.view({1, 1, length}) - j.view({1, length, 1}));
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const at::ScalarType type = statistics_type(x);
  at::Tensor wide = x.to(type);
  at::Tensor normed = wide * at::rsqrt(wide.square().mean(-1, true) + eps);
  return (normed * weight.to(type)).to(x.scalar_type());
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  const at::ScalarType type = statistics_type(x);
  at::Tensor wide_bias = bias.defined() ? bias.to(type) : bias;
  return at::layer_norm(x.to(type), {x.size(-1)}, weight.to(type), wide_bias, eps).to(x.scalar_type());
}

at::Tensor activation(const at::Tensor& x, models::Activation kind) {
  switch (kind) {
    case models::Activation::kSilu:
      return at::silu(x);
    case models::Activation::kGelu:
      return at::gelu(x);
    case models::Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case models::Activation::kRelu:
      return at::relu(x);
  }
  base::bug("nn.activation", {"unknown kind"});
}

at::Tensor gated_activation(const at::Tensor& gate, const at::Tensor& up, models::Activation kind) {
  return activation(gate, kind) * up;
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& positions, const RotaryTable& table) {
  const int64_t batch = x.size(0), length = x.size(1), size = x.size(3), pairs = table.cos.size(1);
  const at::ScalarType type = statistics_type(x);
  auto rows = [&](const at::Tensor& t) {
    return t.index_select(0, positions.reshape({-1})).view({batch, length, 1, pairs}).to(type);
  };
  at::Tensor cos = rows(table.cos), sin = rows(table.sin);

  at::Tensor turning = x.narrow(3, 0, 2 * pairs).to(type);
  at::Tensor parts = table.interleaved ? turning.unflatten(-1, {pairs, 2}) : turning.unflatten(-1, {2, pairs});
  const int64_t axis = table.interleaved ? -1 : -2;
  at::Tensor a = parts.select(axis, 0), b = parts.select(axis, 1);
  at::Tensor turned = at::stack({a * cos - b * sin, b * cos + a * sin}, axis).flatten(-2).to(x.scalar_type());
  return 2 * pairs == size ? turned : at::cat({turned, x.narrow(3, 2 * pairs, size - 2 * pairs)}, 3);
}

at::Tensor attention_naive(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args) {
  const int64_t length = q.size(1), groups = k.size(2), shared = q.size(2) / groups;
  const at::ScalarType type = statistics_type(q);
  at::Tensor queries = q.transpose(1, 2).unflatten(1, {groups, shared});                      // [B, G, H/G, T, D]
  at::Tensor keys = k.transpose(1, 2).unsqueeze(2), values = v.transpose(1, 2).unsqueeze(2);  // [B, G, 1, T, D]
  at::Tensor scores = at::matmul(queries, keys.transpose(-1, -2)).to(type) * args.scale;      // [B, G, H/G, T, T]
  if (args.cap != 0) scores = (scores / args.cap).tanh() * args.cap;
  if (args.slopes.defined()) scores = scores + distances(args.slopes, length, type).unflatten(0, {groups, shared});
  at::Tensor hidden = visible(args.row_start, length, q.device()).logical_not().unsqueeze(1);
  at::Tensor weights = at::softmax(scores.masked_fill(hidden, -std::numeric_limits<double>::infinity()), -1);
  return at::matmul(weights.to(q.scalar_type()), values).flatten(1, 2).transpose(1, 2);
}

at::Tensor attention_sdpa(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args) {
  std::optional<at::Tensor> mask;
  if (args.row_start.defined() || args.slopes.defined()) mask = visible(args.row_start, q.size(1), q.device());
  if (args.slopes.defined())
    mask = distances(args.slopes, q.size(1), statistics_type(q))
               .masked_fill(mask->logical_not(), -std::numeric_limits<double>::infinity())
               .to(q.scalar_type());
  return at::scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), mask, 0.0, !mask, args.scale,
                                          q.size(2) != k.size(2))
      .transpose(1, 2);
}

at::Tensor dropout(const at::Tensor& x, double p, const DropoutKey& key) {
  at::Tensor kept = at::empty(x.sizes(), at::kFloat);
  float* out = kept.data_ptr<float>();
  const int64_t count = x.numel();
  const double limit = p * 4294967296.0;
  const float scale = static_cast<float>(1.0 / (1.0 - p));
  base::parallel_for((count + 3) / 4, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto words = base::philox_at(key.seed, key.step, base::Purpose::kDropout,
                                         (static_cast<uint64_t>(key.site) << 40) + static_cast<uint64_t>(block));
      for (int64_t i = 4 * block; i < std::min(count, 4 * block + 4); ++i) out[i] = words[i % 4] < limit ? 0.0f : scale;
    }
  });
  return x * kept.to(x.options());
}

}  // namespace athanor::nn::reference
