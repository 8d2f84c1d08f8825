#pragma once
// What the tests of learn/adapters share: bases from goldens, and distances.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "athanor/learn/adapters/adapter.h"
#include "tests/testing/golden.h"

namespace athanor::adapters {

/// The decoder of a golden like "base-llama".
std::unique_ptr<nn::Decoder> base_decoder(const std::string& name, const nn::DecoderOptions& options = {});
/// The decoder under a case's adapter.
std::unique_ptr<nn::Decoder> base_of(const testing::Golden& golden, const nn::DecoderOptions& options = {});
at::Tensor tensor_of(const testing::Golden& golden, const std::string& name);
at::Tensor logits_of(nn::Decoder& decoder, const at::Tensor& ids);
/// [rows, length] int32, a function of the sizes.
at::Tensor some_ids(int64_t rows, int64_t length, int64_t vocab = 61);

/// Largest |a - b|; infinity where sizes differ.
double distance(const at::Tensor& a, const at::Tensor& b);
double relative_distance(const at::Tensor& a, const at::Tensor& b);

/// Name and value of everything that requires gradients.
std::vector<NamedTensor> learned_of(nn::Decoder& decoder);

}  // namespace athanor::adapters
