#include "athanor/learn/nn/device.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "athanor/core/base/error.h"
#include "tests/learn/nn/tiny_models.h"

namespace athanor::nn {
namespace {

TEST(Device, Names) {
  EXPECT_TRUE(device_named("cpu").is_cpu());
  EXPECT_THROW(device_named("tpu"), base::Error);
  if (!cuda_usable()) {
    EXPECT_THROW(device_named("cuda"), base::Error);
  }
}

class GpuDecoder : public ::testing::TestWithParam<const char*> {};

TEST_P(GpuDecoder, EqualsTheCpu) {
  if (!cuda_usable()) GTEST_SKIP() << "no usable NVIDIA GPU";
  testing::Golden golden(std::string("learn_nn/") + GetParam());
  at::Device device = device_named("cuda");
  auto decoder = decoder_of(golden, {.device = device});
  at::Tensor ids = tensor_of(golden, "ids").to(device), targets = tensor_of(golden, "targets").to(device);
  {
    at::NoGradGuard no_grad;
    at::Tensor logits = decoder->logits(decoder->hidden({ids}));
    EXPECT_LE(distance(logits.to(at::kCPU), tensor_of(golden, "logits")), 1e-4);
  }
  decoder->loss({ids}, targets).backward();
  for (auto& [name, parameter] : decoder->named_parameters())
    EXPECT_LE(relative_distance(parameter->grad().to(at::kCPU), tensor_of(golden, "gradient." + name)), 1e-3) << name;
}
INSTANTIATE_TEST_SUITE_P(Gpu, GpuDecoder, ::testing::Values("llama-gqa", "gpt2"));

}  // namespace
}  // namespace athanor::nn
