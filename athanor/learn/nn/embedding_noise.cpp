// NEFTune (Jain et al. 2023, arXiv:2310.05914): uniform noise of size alpha / sqrt(T C) on the embeddings [B, T, C] of a training
// step; the answers become longer and better, and nothing else changes. T is the length of a row, as in the authors' code and in
// TRL, where a batch is padded to it.
//
// Checked against the formula's bounds and variance, alpha^2 / (3 T C), and against its own gradient: the noise has none.

#include "athanor/learn/nn/embedding_noise.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <cmath>

#include "athanor/core/base/philox.h"
#include "athanor/core/base/threads.h"

namespace athanor::nn {

at::Tensor noisy_embeddings(const at::Tensor& embeddings, double alpha, uint64_t seed, uint64_t step) {
  const int64_t T = embeddings.size(-2), C = embeddings.size(-1), n = embeddings.numel();
  const auto bound = static_cast<float>(alpha / std::sqrt(static_cast<double>(T * C)));
  at::Tensor noise = at::empty(embeddings.sizes(), at::kFloat);
  auto* out = noise.data_ptr<float>();
  base::parallel_for((n + 3) / 4, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto words = base::philox_at(seed, step, base::Purpose::kNoise, static_cast<uint64_t>(block));
      for (int64_t k = 0; k < 4 && 4 * block + k < n; ++k)
        out[4 * block + k] = bound * (static_cast<float>(words[static_cast<size_t>(k)] >> 8) * 0x1p-23f - 1.0f);
    }
  });
  return embeddings + noise.to(embeddings.options().requires_grad(false));
}

}  // namespace athanor::nn
