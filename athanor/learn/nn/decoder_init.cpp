// Initial values of a new model: each parameter is a function of (seed, its name), whatever the threads and the device.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <numbers>

#include "athanor/core/base/hash.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/base/threads.h"
#include "athanor/learn/nn/decoder.h"

namespace athanor::nn {

using models::Slot;

at::Tensor normal_values(at::IntArrayRef shape, double deviation, uint64_t seed, const std::string& name) {
  const int64_t count = c10::multiply_integers(shape), blocks = (count + 3) / 4;
  at::Tensor values = at::empty({4 * blocks}, at::kFloat);
  float* out = values.data_ptr<float>();
  const uint64_t key = base::hash64(name, seed);
  base::parallel_for(blocks, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto words = base::philox_at(key, 0, base::Purpose::kInit, static_cast<uint64_t>(block));
      for (size_t i = 0; i < 4; i += 2) {  // Box-Muller: two words make two numbers
        const double u = (words[i] + 0.5) * 0x1p-32, turn = 2 * std::numbers::pi * ((words[i + 1] + 0.5) * 0x1p-32);
        const double radius = deviation * std::sqrt(-2 * std::log(u));
        out[4 * block + static_cast<int64_t>(i)] = static_cast<float>(radius * std::cos(turn));
        out[4 * block + static_cast<int64_t>(i) + 1] = static_cast<float>(radius * std::sin(turn));
      }
    }
  });
  return values.narrow(0, 0, count).view(shape);
}

std::unique_ptr<Decoder> Decoder::build(const models::DecoderModel& model, const DecoderOptions& options, uint64_t seed) {
  auto decoder = std::make_unique<Decoder>(model, options);
  at::NoGradGuard no_grad;
  const models::DecoderSpec& spec = model.spec;
  std::vector<std::string> residual;
  for (int64_t i = 0; i < spec.layers; ++i) {
    residual.push_back(models::weight_name(model, Slot::kAttnOut, i));
    if (!spec.layer(i).experts) residual.push_back(models::weight_name(model, Slot::kDown, i));
  }
  for (auto& [name, parameter] : decoder->named_parameters()) {
    if (parameter->dim() != 2) continue;
    const bool is_residual = std::find(residual.begin(), residual.end(), name) != residual.end();
    parameter->copy_(normal_values(parameter->sizes(), is_residual ? spec.residual_init_std : spec.init_std, seed, name));
  }
  return decoder;
}

}  // namespace athanor::nn
