#include "tests/learn/nn/tiny_models.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/philox.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/load.h"
#include "tests/testing/temp_folder.h"

namespace athanor::nn {
namespace {

/// libtorch on one thread: the shapes are tiny, and waiting for a second thread on a busy machine is all that it would do.
class OneThread : public ::testing::Environment {
  void SetUp() override { at::set_num_threads(1); }
};
[[maybe_unused]] const auto* const one_thread = ::testing::AddGlobalTestEnvironment(new OneThread);

base::Philox stream(uint64_t seed) { return {seed, 0, base::Purpose::kTest}; }

at::Tensor weighted_sum(const at::Tensor& value) { return (value * random_tensor(value.sizes(), 99, value.scalar_type())).sum(); }

}  // namespace

models::DecoderModel model_of(const testing::Golden& golden) { return models::decoder_from_config(golden.json().at("config")); }

std::unique_ptr<Decoder> decoder_of(const testing::Golden& golden, const DecoderOptions& options) {
  testing::TempFolder folder;
  folder.write("config.json", golden.json().at("config").dump());
  std::vector<checkpoint::NamedArray> weights;
  for (const checkpoint::NamedArray& array : golden.arrays().arrays()) {
    if (array.name.starts_with("weight.")) weights.push_back({array.name.substr(7), array.array});
  }
  checkpoint::write_safetensors(folder / "model.safetensors", weights);
  return load_decoder(folder.path(), options);
}

at::Tensor tensor_of(const testing::Golden& golden, const std::string& name) { return tensor_over(golden.array(name)).clone(); }

models::DecoderModel tiny_llama(double init_std) {
  base::Json config = {{"model_type", "llama"},
                       {"vocab_size", 40},
                       {"hidden_size", 16},
                       {"num_hidden_layers", 2},
                       {"num_attention_heads", 4},
                       {"num_key_value_heads", 2},
                       {"intermediate_size", 24},
                       {"max_position_embeddings", 32},
                       {"initializer_range", init_std},
                       {"tie_word_embeddings", false},
                       {"hidden_act", "silu"},
                       {"rms_norm_eps", 1e-6}};
  return models::decoder_from_config(config);
}

models::DecoderModel tiny_gpt2(double dropout) {
  base::Json config = {{"model_type", "gpt2"},   {"vocab_size", 40},      {"n_embd", 16},
                       {"n_layer", 2},           {"n_head", 4},           {"n_positions", 32},
                       {"resid_pdrop", dropout}, {"embd_pdrop", dropout}, {"attn_pdrop", dropout}};
  return models::decoder_from_config(config);
}

at::Tensor random_tensor(at::IntArrayRef shape, uint64_t seed, at::ScalarType type) {
  base::Philox random = stream(seed);
  at::Tensor out = at::empty(shape, at::kDouble);
  double* values = out.data_ptr<double>();
  for (int64_t i = 0; i < out.numel(); ++i) values[i] = random.normal();
  return out.to(type);
}

at::Tensor random_ids(at::IntArrayRef shape, int64_t below, uint64_t seed) {
  base::Philox random = stream(seed);
  at::Tensor out = at::empty(shape, at::kInt);
  for (int64_t i = 0; i < out.numel(); ++i)
    out.data_ptr<int32_t>()[i] = static_cast<int32_t>(random.below(static_cast<uint64_t>(below)));
  return out;
}

at::Tensor int_tensor(at::IntArrayRef shape, const std::vector<int32_t>& values) {
  at::Tensor out = at::empty(shape, at::kInt);
  std::copy(values.begin(), values.end(), out.data_ptr<int32_t>());
  return out;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item().toDouble();
}

double relative_distance(const at::Tensor& a, const at::Tensor& b) {
  return distance(a, b) / std::max(1e-30, b.abs().max().item().toDouble());
}

std::vector<at::Tensor> gradients_of(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f,
                                     const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> leaves, gradients;
  for (const at::Tensor& input : inputs) leaves.push_back(input.detach().clone().set_requires_grad(true));
  weighted_sum(f(leaves)).backward();
  for (const at::Tensor& leaf : leaves) gradients.push_back(leaf.grad());
  return gradients;
}

double gradient_error(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f, const std::vector<at::Tensor>& inputs) {
  const std::vector<at::Tensor> gradients = gradients_of(f, inputs);
  at::NoGradGuard no_grad;
  double worst = 0;
  for (size_t n = 0; n < inputs.size(); ++n) {
    std::vector<at::Tensor> moved = inputs;
    moved[n] = inputs[n].detach().clone();
    double* values = moved[n].data_ptr<double>();
    at::Tensor numeric = at::empty(inputs[n].sizes(), at::kDouble);
    for (int64_t i = 0; i < numeric.numel(); ++i) {
      const double kept = values[i], step = 1e-5;
      values[i] = kept + step;
      const double above = weighted_sum(f(moved)).item().toDouble();
      values[i] = kept - step;
      const double below = weighted_sum(f(moved)).item().toDouble();
      values[i] = kept;
      numeric.data_ptr<double>()[i] = (above - below) / (2 * step);
    }
    worst = std::max(worst, relative_distance(gradients[n], numeric));
  }
  return worst;
}

}  // namespace athanor::nn
