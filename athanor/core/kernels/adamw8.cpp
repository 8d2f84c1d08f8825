#include "athanor/core/kernels/adamw8.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "athanor/core/base/threads.h"

namespace athanor::kernels {
namespace {

/// Decades below 1 down to 1e-6, each cut into twice as many parts as the one below; the values are the parts' middles.
std::array<float, 256> make_map(bool with_sign) {
  std::vector<double> values = {0, 1};
  for (int decade = 0; decade < 7; ++decade) {
    const int parts = 1 << (with_sign ? decade : decade + 1);
    for (int i = 0; i < parts; ++i) {
      const double value = std::pow(10.0, decade - 6) * (0.1 + 0.9 * (i + 0.5) / parts);
      values.push_back(value);
      if (with_sign) values.push_back(-value);
    }
  }
  std::sort(values.begin(), values.end());
  std::array<float, 256> map;
  std::copy(values.begin(), values.end(), map.begin());
  return map;
}

/// The nearest code of a number: a table by the upper half of its bits says where to begin, and few steps remain.
class NearestCode {
 public:
  explicit NearestCode(const std::array<float, 256>& map) : first_(1 << 16) {
    for (int i = 0; i < 255; ++i) border_[i] = 0.5f * (map[i] + map[i + 1]);
    border_[255] = 2;  // above every number
    for (uint32_t upper = 0; upper < first_.size(); ++upper) {
      const uint32_t bits = upper << 16 | (upper >> 15 ? 0xFFFF : 0);  // the bucket's smallest number
      const float smallest = std::bit_cast<float>(bits);
      if (std::isnan(smallest)) continue;
      first_[upper] = static_cast<uint8_t>(std::lower_bound(border_, border_ + 255, smallest) - border_);
    }
  }

  uint8_t operator()(float x) const {
    uint8_t code = first_[std::bit_cast<uint32_t>(x) >> 16];
    while (border_[code] < x) ++code;
    return code;
  }

 private:
  std::vector<uint8_t> first_;
  float border_[256];
};

const NearestCode& nearest_code(bool with_sign) {
  static const NearestCode with(dynamic_map(true)), without(dynamic_map(false));
  return with_sign ? with : without;
}

void quantize_block(const float* x, int64_t n, const NearestCode& nearest, uint8_t* codes, float& scale) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::fabs(x[i]));
  scale = largest;
  const float inverse = largest > 0 ? 1 / largest : 0;
  for (int64_t i = 0; i < n; ++i) codes[i] = nearest(std::clamp(x[i] * inverse, -1.0f, 1.0f));
}

struct Factors {
  float keep, rate, root;
};

void update_block(const AdamW8Segment& s, const AdamWStep& step, const Factors& f, int64_t block) {
  const int64_t begin = block * kMomentBlock, n = std::min(kMomentBlock, s.count - begin);
  const auto &m_map = dynamic_map(true), &v_map = dynamic_map(false);
  float m[kMomentBlock], v[kMomentBlock];
  float* w = s.master + begin;
  for (int64_t i = 0; i < n; ++i) {
    const float g = s.gradient[begin + i] * step.gradient_scale;
    m[i] = step.beta1 * m_map[s.m[begin + i]] * s.m_scale[block] + (1 - step.beta1) * g;
    v[i] = step.beta2 * v_map[s.v[begin + i]] * s.v_scale[block] + (1 - step.beta2) * g * g;
    w[i] = w[i] * f.keep - f.rate * m[i] / (std::sqrt(v[i]) * f.root + step.eps);
  }
  quantize_block(m, n, nearest_code(true), s.m + begin, s.m_scale[block]);
  quantize_block(v, n, nearest_code(false), s.v + begin, s.v_scale[block]);
}

int64_t blocks_of(int64_t n) { return (n + kMomentBlock - 1) / kMomentBlock; }

}  // namespace

const std::array<float, 256>& dynamic_map(bool with_sign) {
  static const std::array<float, 256> with = make_map(true), without = make_map(false);
  return with_sign ? with : without;
}

void quantize_dynamic(const float* x, int64_t n, bool with_sign, uint8_t* codes, float* scale) {
  for (int64_t b = 0; b < blocks_of(n); ++b) {
    const int64_t begin = b * kMomentBlock;
    quantize_block(x + begin, std::min(kMomentBlock, n - begin), nearest_code(with_sign), codes + begin, scale[b]);
  }
}

void dequantize_dynamic(const uint8_t* codes, const float* scale, int64_t n, bool with_sign, float* x) {
  const auto& map = dynamic_map(with_sign);
  for (int64_t i = 0; i < n; ++i) x[i] = map[codes[i]] * scale[i / kMomentBlock];
}

void adamw8(const AdamW8Segment& segment, const AdamWStep& step) {
  const double correction1 = 1 - std::pow(static_cast<double>(step.beta1), static_cast<double>(step.step));
  const double correction2 = 1 - std::pow(static_cast<double>(step.beta2), static_cast<double>(step.step));
  const float lr = step.lr * segment.lr_factor;
  const Factors factors{1 - lr * segment.weight_decay, static_cast<float>(lr / correction1),
                        static_cast<float>(1 / std::sqrt(correction2))};
  base::parallel_for(blocks_of(segment.count), 16, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) update_block(segment, step, factors, block);
  });
}

}  // namespace athanor::kernels
