// The fused training functions against the same made of ATen operators (as transformers' models are), forward and backward, in
// interleaved rounds on the same threads. Usage: train_kernels [rounds] [part of a name]

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/native_dropout.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "athanor/core/kernels/adamw.h"
#include "athanor/learn/nn/functions_reference.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/rotary.h"
#include "athanor/learn/nn/shared_threads.h"

namespace athanor {
namespace {

using Inputs = std::vector<at::Tensor>;
using Function = std::function<at::Tensor(const Inputs&)>;

struct Seconds {
  std::vector<double> forward, backward;
};

double seconds_of(const std::function<void()>& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + static_cast<int64_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}
double least(const std::vector<double>& x) { return *std::min_element(x.begin(), x.end()); }

void run_once(const Function& f, const Inputs& inputs, Seconds& seconds) {
  Inputs leaves;
  for (const at::Tensor& x : inputs) leaves.push_back(x.detach().requires_grad_(true));
  at::Tensor y;
  seconds.forward.push_back(seconds_of([&] { y = f(leaves); }));
  const at::Tensor gradient = at::ones_like(y);
  seconds.backward.push_back(seconds_of([&] { y.backward(gradient); }));
}

struct Bench {
  int rounds = 20;
  std::string only;

  /// `work` of the forward and backward pass: operations (unit "GFLOP/s") or bytes ("GB/s").
  void compare(const std::string& name, const Inputs& inputs, const Function& ours, const Function& theirs, double work,
               double work_back, const char* unit) const {
    if (name.find(only) == std::string::npos) return;
    Seconds a, b;
    for (int round = 0; round < rounds; ++round) {
      run_once(ours, inputs, a);
      run_once(theirs, inputs, b);
    }
    line(name + " forward", a.forward, b.forward, work, unit);
    line(name + " backward", a.backward, b.backward, work_back, unit);
  }

  void line(const std::string& name, const std::vector<double>& ours, const std::vector<double>& theirs, double work,
            const char* unit) const {
    std::printf("%-52s ours %8.3f ms (least %8.3f, %6.1f %s)  ATen %8.3f ms (least %8.3f)  ratio %5.2f (least %5.2f)\n",
                name.c_str(), median(ours) * 1e3, least(ours) * 1e3, work / least(ours) / 1e9, unit, median(theirs) * 1e3,
                least(theirs) * 1e3, median(theirs) / median(ours), least(theirs) / least(ours));
    std::fflush(stdout);
  }
};

const char* name_of(at::ScalarType type) { return type == at::kFloat ? "f32 " : "bf16 "; }

at::Tensor random(at::IntArrayRef sizes, at::ScalarType type) { return at::randn(sizes).to(type); }

void norms(const Bench& bench, at::ScalarType type) {
  const double bytes = static_cast<double>(at::elementSize(type)) * 4096 * 256;
  const Inputs x = {random({4096, 256}, type), random({256}, type), random({4096, 256}, type)};
  const std::string prefix = name_of(type);
  bench.compare(
      prefix + "rms_norm 4096x256", {x[0], x[1]}, [](const Inputs& in) { return nn::fused::rms_norm(in[0], in[1], 1e-5); },
      [](const Inputs& in) { return nn::reference::rms_norm(in[0], in[1], 1e-5); }, 2 * bytes, 3 * bytes, "GB/s");
  bench.compare(
      prefix + "add_rms_norm 4096x256", x,
      [](const Inputs& in) { return nn::fused::add_rms_norm(in[0], in[2], in[1], 1e-5).normed; },
      [](const Inputs& in) { return nn::reference::rms_norm(in[0] + in[2], in[1], 1e-5); }, 4 * bytes, 3 * bytes, "GB/s");
  bench.compare(
      prefix + "layer_norm 4096x256", {x[0], x[1], x[1]},
      [](const Inputs& in) { return nn::fused::layer_norm(in[0], in[1], in[2], 1e-5); },
      [](const Inputs& in) { return nn::reference::layer_norm(in[0], in[1], in[2], 1e-5); }, 2 * bytes, 3 * bytes, "GB/s");
}

void elementwise(const Bench& bench, at::ScalarType type) {
  const double size = static_cast<double>(at::elementSize(type));
  const std::string prefix = name_of(type);
  for (auto [kind, name] : {std::pair(models::Activation::kSilu, "silu"), std::pair(models::Activation::kGeluTanh, "gelu_tanh"),
                            std::pair(models::Activation::kGelu, "gelu")})
    bench.compare(
        prefix + name + " gate 4096x1024", {random({4096, 1024}, type), random({4096, 1024}, type)},
        [kind](const Inputs& in) { return nn::fused::gated_activation(in[0], in[1], kind); },
        [kind](const Inputs& in) { return nn::reference::gated_activation(in[0], in[1], kind); }, 3 * size * 4096 * 1024,
        5 * size * 4096 * 1024, "GB/s");
  const nn::DropoutKey key = {.seed = 1, .step = 2, .site = 3};
  bench.compare(
      prefix + "dropout 4096x1024", {random({4096, 1024}, type)},
      [&](const Inputs& in) { return nn::fused::dropout(in[0], 0.1, key); },
      [&](const Inputs& in) { return std::get<0>(at::native_dropout(in[0], 0.1, true)); }, 2 * size * 4096 * 1024,
      2 * size * 4096 * 1024, "GB/s");
  models::RopeSpec rope;
  rope.dims = 32;
  const nn::RotaryTable table = nn::Rotary(rope, 256, at::kCPU).table(256);
  at::Tensor positions = at::randint(256, {16, 256}, at::kInt);
  bench.compare(
      prefix + "rotate 16x256x8x32", {random({16, 256, 8, 32}, type)},
      [&](const Inputs& in) { return nn::fused::rotate(in[0], positions, table); },
      [&](const Inputs& in) { return nn::reference::rotate(in[0], positions, table); }, 2 * size * 4096 * 256,
      2 * size * 4096 * 256, "GB/s");
}

void attention(const Bench& bench, at::ScalarType type, int64_t batch, int64_t length, int64_t heads, int64_t groups, int64_t dim) {
  const nn::AttentionArgs args = {.scale = 1 / std::sqrt(static_cast<double>(dim)), .row_start = {}};
  const double visible = static_cast<double>(batch * heads) * static_cast<double>(length) * static_cast<double>(length + 1) / 2;
  const double work = 4 * visible * static_cast<double>(dim);
  std::string name = std::string(name_of(type)) + "attention";
  for (int64_t n : {batch, heads, groups, length, dim}) name += "x" + std::to_string(n);
  bench.compare(
      name,
      {random({batch, length, heads, dim}, type), random({batch, length, groups, dim}, type),
       random({batch, length, groups, dim}, type)},
      [&](const Inputs& in) { return nn::fused::attention(in[0], in[1], in[2], args); },
      [&](const Inputs& in) { return nn::reference::attention_sdpa(in[0], in[1], in[2], args); }, work, 2.5 * work, "GFLOP/s");
}

void cross_entropy(const Bench& bench, at::ScalarType type, int64_t rows, int64_t channels, int64_t vocab) {
  at::Tensor targets = at::randint(vocab, {rows}, at::kInt);
  at::Tensor wide_targets = targets.to(at::kLong);
  const double product = 2.0 * static_cast<double>(rows) * static_cast<double>(channels) * static_cast<double>(vocab);
  const std::string name = std::string(name_of(type)) + "linear_cross_entropy " + std::to_string(rows) + "x" +
                           std::to_string(channels) + "x" + std::to_string(vocab);
  if (name.find(bench.only) == std::string::npos) return;
  const Inputs inputs = {random({rows, channels}, type), random({vocab, channels}, type) * 0.02};
  Seconds a, b;
  for (int round = 0; round < bench.rounds; ++round) {
    run_once([&](const Inputs& in) { return nn::fused::linear_cross_entropy(in[0], in[1], targets); }, inputs, a);
    run_once([&](const Inputs& in) { return at::cross_entropy_loss(at::linear(in[0], in[1]).to(at::kFloat), wide_targets); },
             inputs, b);
  }
  for (Seconds* s : {&a, &b})
    for (size_t i = 0; i < s->forward.size(); ++i) s->forward[i] += s->backward[i];  // ours does all the work in forward
  bench.line(name + " both", a.forward, b.forward, 3 * product, "GFLOP/s");
}

void linear(const Bench& bench, int64_t rows, int64_t in, int64_t out) {
  const double product = 2.0 * static_cast<double>(rows) * static_cast<double>(in) * static_cast<double>(out);
  bench.compare(
      "f32 linear " + std::to_string(rows) + "x" + std::to_string(in) + "x" + std::to_string(out),
      {random({rows, in}, at::kFloat), random({out, in}, at::kFloat)},
      [](const Inputs& x) { return nn::fused::linear(x[0], x[1], {}); }, [](const Inputs& x) { return at::linear(x[0], x[1]); },
      product, 2 * product, "GFLOP/s");
}

void adamw(const Bench& bench, int64_t count) {
  const std::string name = "bf16 adamw " + std::to_string(count);
  if (name.find(bench.only) == std::string::npos) return;
  at::NoGradGuard no_grad;
  at::Tensor w = at::randn({count}), m = at::zeros_like(w), v = at::zeros_like(w), g = at::randn({count}).to(at::kBFloat16),
             working = w.to(at::kBFloat16), step = at::full({}, 1.0);
  const kernels::AdamWSegment segment = {.count = count,
                                         .master = w.data_ptr<float>(),
                                         .m = m.data_ptr<float>(),
                                         .v = v.data_ptr<float>(),
                                         .gradient_bf16 = static_cast<const uint16_t*>(g.const_data_ptr()),
                                         .working_bf16 = static_cast<uint16_t*>(working.mutable_data_ptr())};
  std::vector<double> ours, theirs;
  for (int round = 0; round < bench.rounds; ++round) {
    ours.push_back(seconds_of([&] {
      kernels::adamw({&segment, 1},
                     {.gradient_scale = static_cast<float>(1 / std::sqrt(kernels::gradient_sum_of_squares({&segment, 1})))});
    }));
    theirs.push_back(seconds_of([&] {
      at::Tensor gradient = g.to(at::kFloat);
      gradient.mul_(1 / gradient.norm().item<double>());
      at::_fused_adamw_({w}, {gradient}, {m}, {v}, {}, {step}, 1e-3, 0.9, 0.999, 0.0, 1e-8, false, false);
      working.copy_(w);
    }));
  }
  bench.line(name + " with norm", ours, theirs, 30.0 * static_cast<double>(count), "GB/s");
}

void run(const Bench& bench) {
  for (at::ScalarType type : {at::kBFloat16, at::kFloat}) {
    norms(bench, type);
    elementwise(bench, type);
    attention(bench, type, 16, 256, 8, 8, 32);
    attention(bench, type, 16, 256, 8, 4, 32);
    attention(bench, type, 4, 512, 8, 4, 64);
    attention(bench, type, 1, 2048, 8, 8, 128);
    attention(bench, type, 1, 4096, 8, 8, 64);
    cross_entropy(bench, type, 4096, 256, 4096);
    cross_entropy(bench, type, 2048, 512, 32000);
  }
  for (auto [rows, in, out] : {std::array<int64_t, 3>{4096, 256, 128}, {4096, 256, 1024}, {4096, 1024, 256}, {2048, 512, 1408}})
    linear(bench, rows, in, out);
  adamw(bench, 7'300'000);
  adamw(bench, 40'000'000);
}

}  // namespace
}  // namespace athanor

int main(int argc, char** argv) {
  athanor::nn::install_shared_threads();
  athanor::run({.rounds = argc > 1 ? std::atoi(argv[1]) : 20, .only = argc > 2 ? argv[2] : ""});
}
