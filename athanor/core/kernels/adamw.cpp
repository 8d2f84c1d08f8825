// AdamW over lists of tensors: the schedule over threads and the scalar run.
//
// Floor: an element's gradient is read once (2 or 4 bytes), w, m and v are read and written (24), the bf16 copy is written (2): 28
// to 30 bytes over bandwidth; measured 41 GB/s on one Zen 4 core, the norm's pass included in the time. Tensors are cut into blocks
// of kSumBlock numbers and one parallel_for takes all blocks of all tensors. Checked against: the formula in double precision.

#include "athanor/core/kernels/adamw.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/adamw_run.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/core/kernels/tree_sum.h"

namespace athanor::kernels {

namespace scalar {

template <typename G>
void adamw_run(int64_t n, const AdamWFactors& f, const G* gradient, float* w, float* m, float* v, uint16_t* working) {
  for (int64_t i = 0; i < n; ++i) {
    const float g = to_f32(gradient[i]) * f.gradient_scale;
    m[i] = f.beta1 * m[i] + (1 - f.beta1) * g;
    v[i] = f.beta2 * v[i] + (1 - f.beta2) * g * g;
    w[i] = w[i] * f.keep - f.rate * m[i] / (std::sqrt(v[i]) * f.root + f.eps);
    if (working) working[i] = from_f32<uint16_t>(w[i]);
  }
}

}  // namespace scalar

namespace {

/// Where in the list the blocks of each segment begin.
std::vector<int64_t> first_blocks(std::span<const AdamWSegment> segments) {
  std::vector<int64_t> first = {0};
  for (const AdamWSegment& s : segments) {
    base::expect((s.gradient_f32 == nullptr) != (s.gradient_bf16 == nullptr), "kernels.adamw",
                 "a segment needs exactly one gradient");
    first.push_back(first.back() + (s.count + kSumBlock - 1) / kSumBlock);
  }
  return first;
}

/// Calls body(block, segment, offset, count) for every block of every segment.
template <typename Body>
void over_blocks(std::span<const AdamWSegment> segments, const std::vector<int64_t>& first, const Body& body) {
  base::parallel_for(first.back(), 4, [&](int64_t begin, int64_t end) {
    size_t s = static_cast<size_t>(std::upper_bound(first.begin(), first.end(), begin) - first.begin()) - 1;
    for (int64_t block = begin; block < end; ++block) {
      while (block >= first[s + 1]) ++s;
      const int64_t offset = (block - first[s]) * kSumBlock;
      body(block, segments[s], offset, std::min(kSumBlock, segments[s].count - offset));
    }
  });
}

AdamWFactors factors(const AdamWStep& step, const AdamWSegment& segment) {
  const double lr = static_cast<double>(step.lr) * segment.lr_factor, t = static_cast<double>(step.step);
  return {.beta1 = step.beta1,
          .beta2 = step.beta2,
          .eps = step.eps,
          .gradient_scale = step.gradient_scale,
          .keep = static_cast<float>(1 - lr * segment.weight_decay),
          .rate = static_cast<float>(lr / (1 - std::pow(static_cast<double>(step.beta1), t))),
          .root = static_cast<float>(1 / std::sqrt(1 - std::pow(static_cast<double>(step.beta2), t)))};
}

template <typename G>
void run_segment(int64_t n, const AdamWFactors& f, const G* gradient, float* w, float* m, float* v, uint16_t* working) {
  by_isa(scalar::adamw_run<G>, avx2::adamw_run<G>, avx512::adamw_run<G>)(n, f, gradient, w, m, v, working);
}

}  // namespace

void adamw(std::span<const AdamWSegment> segments, const AdamWStep& step) {
  std::vector<AdamWFactors> of;
  for (const AdamWSegment& s : segments) of.push_back(factors(step, s));
  over_blocks(segments, first_blocks(segments), [&](int64_t, const AdamWSegment& s, int64_t at, int64_t n) {
    const AdamWFactors& f = of[static_cast<size_t>(&s - segments.data())];
    uint16_t* working = s.working_bf16 ? s.working_bf16 + at : nullptr;
    if (s.gradient_f32) {
      run_segment(n, f, s.gradient_f32 + at, s.master + at, s.m + at, s.v + at, working);
    } else {
      run_segment(n, f, s.gradient_bf16 + at, s.master + at, s.m + at, s.v + at, working);
    }
  });
}

double gradient_sum_of_squares(std::span<const AdamWSegment> segments) {
  const std::vector<int64_t> first = first_blocks(segments);
  std::vector<float> sums(static_cast<size_t>(first.back()));
  over_blocks(segments, first, [&](int64_t block, const AdamWSegment& s, int64_t at, int64_t n) {
    sums[static_cast<size_t>(block)] =
        s.gradient_f32 ? block_sum_of_squares(n, s.gradient_f32 + at) : block_sum_of_squares(n, s.gradient_bf16 + at);
  });
  double total = 0;
  for (float s : sums) total += s;
  return total;
}

}  // namespace athanor::kernels
