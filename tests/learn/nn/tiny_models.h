#pragma once
// What the tests of learn/nn share: models from goldens, random tensors, distances, numeric gradients.

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "athanor/learn/nn/decoder.h"
#include "tests/testing/golden.h"

namespace athanor::nn {

/// The golden's config as a model.
models::DecoderModel model_of(const testing::Golden& golden);
/// A decoder with the golden's weights, read from a model folder as users have it.
std::unique_ptr<Decoder> decoder_of(const testing::Golden& golden, const DecoderOptions& options = {});
/// An array of the golden as a tensor of its own.
at::Tensor tensor_of(const testing::Golden& golden, const std::string& name);

/// A tiny llama: V 40, C 16, L 2, H 4, G 2, ffn 24, at most 32 positions.
models::DecoderModel tiny_llama(double init_std = 0.02);
/// A tiny gpt2 with the given dropout: V 40, C 16, L 2, H 4, at most 32 positions.
models::DecoderModel tiny_gpt2(double dropout = 0);

/// Standard normal numbers that depend on `seed` only.
at::Tensor random_tensor(at::IntArrayRef shape, uint64_t seed, at::ScalarType type = at::kFloat);
/// Integers in [0, below) that depend on `seed` only; int32.
at::Tensor random_ids(at::IntArrayRef shape, int64_t below, uint64_t seed);
at::Tensor int_tensor(at::IntArrayRef shape, const std::vector<int32_t>& values);

/// Largest |a - b|, in f64.
double distance(const at::Tensor& a, const at::Tensor& b);
/// distance / largest |b|.
double relative_distance(const at::Tensor& a, const at::Tensor& b);

/// Largest relative difference between autograd's gradients of sum(f * fixed random weights) and central differences, over all
/// inputs. Inputs are f64 leaves that require gradients.
double gradient_error(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f, const std::vector<at::Tensor>& inputs);
/// Gradients of sum(f * fixed random weights) for each input, whatever the type.
std::vector<at::Tensor> gradients_of(const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f,
                                     const std::vector<at::Tensor>& inputs);

}  // namespace athanor::nn
