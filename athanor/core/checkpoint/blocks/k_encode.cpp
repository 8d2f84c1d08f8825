// Writes Q4_K, Q5_K and Q6_K (layouts in k_blocks.h). A part of 16 or 32 numbers wants the scale s and minimum m that make
//
//   sum_i w_i (s q_i - m - x_i)^2,   q_i = round((x_i + m) / s) within its bits
//
// small. For fixed q the best s and m are a weighted least-squares line; so several spacings are tried around the one that puts
// the extremes at the ends, with the smallest number and with the best minimum so far; each gives its q, its line and its error,
// and the best stays. Large numbers weigh more:
// w = root mean square + |x| for Q4_K and Q5_K, x^2 for Q6_K, as llama.cpp weighs without an importance matrix. Then the scales
// themselves are rounded to 6 (8) bits of the block's largest, and the numbers once more with what the scales became.
// Not llama.cpp's search step for step: its error on normal numbers is the measure (tests/core/checkpoint/test_block_format.cpp).

#include <algorithm>
#include <cmath>

#include "athanor/core/base/half.h"
#include "athanor/core/checkpoint/blocks/blocks.h"
#include "athanor/core/checkpoint/blocks/k_blocks.h"

namespace athanor::checkpoint {
namespace {

struct Line {
  float scale = 0, min = 0;  // x = scale q - min, min >= 0
};

int nearest(float x, int low, int high) { return bounded(std::nearbyint(x), low, high); }
float inverse(float d) { return d != 0 ? 1.0f / d : 0.0f; }

/// The line through (q, x) with the smallest weighted error, min >= 0.
Line least_squares(const float* x, const float* w, const int* q, int n) {
  double sw = 0, sx = 0, sq = 0, sqq = 0, sxq = 0;
  for (int i = 0; i < n; ++i) {
    const double wq = static_cast<double>(w[i]) * q[i];
    sw += w[i];
    sx += static_cast<double>(w[i]) * x[i];
    sq += wq;
    sqq += wq * q[i];
    sxq += wq * x[i];
  }
  const double determinant = sw * sqq - sq * sq;
  if (determinant > 0) {
    const double min = (sq * sxq - sqq * sx) / determinant;
    if (min >= 0) return {static_cast<float>((sw * sxq - sx * sq) / determinant), static_cast<float>(min)};
  }
  return {sqq > 0 ? static_cast<float>(sxq / sqq) : 0.0f, 0};
}

struct Fit {
  Line line;
  double error = HUGE_VAL;
};

/// 32 numbers: their q in 0..levels for this spacing, the best line through them, and what it misses.
Fit fit_spacing(const float* x, const float* w, int levels, float by, float min) {
  constexpr int kValues = 32;
  int q[kValues];
  for (int i = 0; i < kValues; ++i) q[i] = nearest((x[i] + min) * by, 0, levels);
  Fit fit{least_squares(x, w, q, kValues), 0};
  for (int i = 0; i < kValues; ++i) {
    const double miss = fit.line.scale * static_cast<float>(q[i]) - fit.line.min - x[i];
    fit.error += w[i] * miss * miss;
  }
  return fit;
}

Line fit_line(const float* x, const float* w, int levels) {
  const float low = std::min(0.0f, *std::min_element(x, x + 32)), high = *std::max_element(x, x + 32);
  if (!(high > low)) return {0, -low};
  Fit best;
  auto keep = [&best](const Fit& fit) {
    if (fit.error < best.error) best = fit;
  };
  for (int step = -10; step <= 10; ++step) {
    const float by = (static_cast<float>(levels) + 0.1f * static_cast<float>(step)) / (high - low);
    keep(fit_spacing(x, w, levels, by, -low));
    keep(fit_spacing(x, w, levels, by, best.line.min));  // the minimum that the best line so far found
  }
  return best.line;
}

/// 16 numbers, q in -32..31, no minimum.
float fit_scale(const float* x) {
  constexpr int kValues = 16;
  const float largest = *std::max_element(x, x + kValues, [](float a, float b) { return std::abs(a) < std::abs(b); });
  if (largest == 0) return 0;
  float best = 0;
  double most = -1;
  for (int step = -9; step <= 9; ++step) {
    const float by = -(32 + 0.1f * static_cast<float>(step)) / largest;
    double sxq = 0, sqq = 0;
    for (int i = 0; i < kValues; ++i) {
      const double q = nearest(x[i] * by, -32, 31), weight = static_cast<double>(x[i]) * x[i];
      sxq += weight * x[i] * q;
      sqq += weight * q * q;
    }
    if (sqq > 0 && sxq * sxq / sqq > most) most = sxq * sxq / sqq, best = static_cast<float>(sxq / sqq);
  }
  return best;
}

struct Scaled {
  uint16_t d = 0, dmin = 0;
  uint8_t scales[12] = {};
  int q[kSuperBlock] = {};
};

/// What Q4_K and Q5_K have in common: 8 lines, their scales in 6 bits, the levels.
Scaled scaled_block(const float* x, int levels) {
  Line lines[8];
  float largest_scale = 0, largest_min = 0;
  for (int part = 0; part < 8; ++part) {
    const float* values = x + 32 * part;
    double squares = 0;
    for (int i = 0; i < 32; ++i) squares += static_cast<double>(values[i]) * values[i];
    float w[32];
    for (int i = 0; i < 32; ++i) w[i] = static_cast<float>(std::sqrt(squares / 32)) + std::abs(values[i]);
    lines[part] = fit_line(values, w, levels);
    largest_scale = std::max(largest_scale, lines[part].scale);
    largest_min = std::max(largest_min, lines[part].min);
  }
  Scaled out;
  out.d = base::f32_to_f16(largest_scale / 63);
  out.dmin = base::f32_to_f16(largest_min / 63);
  const float by_scale = 63 * inverse(largest_scale), by_min = 63 * inverse(largest_min);
  for (int part = 0; part < 8; ++part) {
    const int scale = nearest(lines[part].scale * by_scale, 0, 63), min = nearest(lines[part].min * by_min, 0, 63);
    set_scale_min(out.scales, part, scale, min);
    const float by = inverse(base::f16_to_f32(out.d) * static_cast<float>(scale));
    const float add = base::f16_to_f32(out.dmin) * static_cast<float>(min);
    for (int i = 32 * part; i < 32 * (part + 1); ++i) out.q[i] = nearest((x[i] + add) * by, 0, levels);
  }
  return out;
}

template <typename Block>
Block k_block(const float* x, int levels) {
  const Scaled scaled = scaled_block(x, levels);
  Block block{};
  block.d = scaled.d;
  block.dmin = scaled.dmin;
  std::memcpy(block.scales, scaled.scales, sizeof block.scales);
  for (int i = 0; i < kSuperBlock; ++i) {
    uint8_t& four = block.q[i / 64 * 32 + i % 32];
    four = static_cast<uint8_t>(four | (scaled.q[i] & 15) << (i % 64 / 32 * 4));
    if constexpr (requires { block.high; })
      block.high[i % 32] = static_cast<uint8_t>(block.high[i % 32] | (scaled.q[i] >> 4) << (i / 32));
  }
  return block;
}

Q6K q6_block(const float* x) {
  float scales[16], largest = 0;
  for (int part = 0; part < 16; ++part) {
    scales[part] = fit_scale(x + 16 * part);
    if (std::abs(scales[part]) > std::abs(largest)) largest = scales[part];
  }
  Q6K block{};
  block.d = base::f32_to_f16(largest / -128);
  const float by_scale = -128 * inverse(largest);
  for (int i = 0; i < kSuperBlock; ++i) {
    if (i % 16 == 0) block.scales[i / 16] = static_cast<int8_t>(nearest(scales[i / 16] * by_scale, -128, 127));
    const int group = i / 16;
    const float by = inverse(base::f16_to_f32(block.d) * static_cast<float>(block.scales[group]));
    const int q = nearest(x[i] * by, -32, 31) + 32;
    uint8_t &low = block.low[i / 128 * 64 + i % 64], &high = block.high[i / 128 * 32 + i % 32];
    low = static_cast<uint8_t>(low | (q & 15) << (i % 128 / 64 * 4));
    high = static_cast<uint8_t>(high | (q >> 4) << (i % 128 / 32 * 2));
  }
  return block;
}

}  // namespace

void encode_q4_k(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<Q4K>(in, count, blocks, kSuperBlock, [](const float* x) { return k_block<Q4K>(x, 15); });
}
void encode_q5_k(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<Q5K>(in, count, blocks, kSuperBlock, [](const float* x) { return k_block<Q5K>(x, 31); });
}
void encode_q6_k(const float* in, int64_t count, std::byte* blocks) {
  each_block_out<Q6K>(in, count, blocks, kSuperBlock, q6_block);
}

}  // namespace athanor::checkpoint
