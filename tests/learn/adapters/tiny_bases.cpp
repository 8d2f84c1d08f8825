#include "tests/learn/adapters/tiny_bases.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "athanor/core/base/philox.h"
#include "athanor/learn/nn/arrays.h"

namespace athanor::adapters {
namespace {

class OneThread : public ::testing::Environment {
  void SetUp() override { at::set_num_threads(1); }
};
[[maybe_unused]] const auto* const one_thread = ::testing::AddGlobalTestEnvironment(new OneThread);

}  // namespace

/// There are "base-llama" (grouped heads), "base-qwen2" (tied, biases) and "base-gpt2" (Conv1D, learned positions).
std::unique_ptr<nn::Decoder> base_decoder(const std::string& name, const nn::DecoderOptions& options) {
  const testing::Golden golden("learn_adapters/" + name);
  auto decoder = std::make_unique<nn::Decoder>(models::decoder_from_config(golden.json().at("config")), options);
  nn::load_weights(*decoder, golden.arrays());
  return decoder;
}

std::unique_ptr<nn::Decoder> base_of(const testing::Golden& golden, const nn::DecoderOptions& options) {
  return base_decoder(golden.json().at("base").get<std::string>(), options);
}

at::Tensor tensor_of(const testing::Golden& golden, const std::string& name) { return nn::tensor_over(golden.array(name)).clone(); }

at::Tensor logits_of(nn::Decoder& decoder, const at::Tensor& ids) {
  at::NoGradGuard no_grad;
  return decoder.logits(decoder.hidden({ids}));
}

at::Tensor some_ids(int64_t rows, int64_t length, int64_t vocab) {
  base::Philox random(static_cast<uint64_t>(rows * 1000 + length), 0, base::Purpose::kTest);
  at::Tensor ids = at::empty({rows, length}, at::kInt);
  for (int64_t i = 0; i < ids.numel(); ++i)
    ids.data_ptr<int32_t>()[i] = static_cast<int32_t>(random.below(static_cast<uint64_t>(vocab)));
  return ids;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes()) return std::numeric_limits<double>::infinity();
  return (a.detach().to(at::kDouble) - b.detach().to(at::kDouble)).abs().max().item().toDouble();
}

double relative_distance(const at::Tensor& a, const at::Tensor& b) {
  return distance(a, b) / std::max(1e-30, b.detach().abs().max().item().toDouble());
}

std::vector<NamedTensor> learned_of(nn::Decoder& decoder) {
  std::vector<NamedTensor> learned;
  for (auto& [name, parameter] : decoder.named_parameters())
    if (parameter->requires_grad()) learned.emplace_back(name, *parameter);
  return learned;
}

}  // namespace athanor::adapters
