#include "athanor/core/checkpoint/nf4.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "athanor/core/base/threads.h"

namespace athanor::checkpoint {
namespace {

constexpr std::array<float, 16> kNf4Values = {-1.0f,
                                              -0.6961928009986877f,
                                              -0.5250730514526367f,
                                              -0.39491748809814453f,
                                              -0.28444138169288635f,
                                              -0.18477343022823334f,
                                              -0.09105003625154495f,
                                              0.0f,
                                              0.07958029955625534f,
                                              0.16093020141124725f,
                                              0.24611230194568634f,
                                              0.33791524171829224f,
                                              0.44070982933044434f,
                                              0.5626170039176941f,
                                              0.7229568362236023f,
                                              1.0f};

/// For each power of ten from -6 to 0, as many evenly spaced values as powers of two, and their negatives; zero and one.
std::array<float, 256> dynamic_values() {
  std::vector<float> values = {0.0f, 1.0f};
  for (int i = 0; i < 7; ++i) {
    const int steps = 1 << i;
    for (int k = 0; k < steps; ++k) {
      const double low = 0.1 + 0.9 * k / steps, high = 0.1 + 0.9 * (k + 1) / steps;
      const auto value = static_cast<float>(std::pow(10.0, i - 6) * (low + high) / 2);
      values.insert(values.end(), {value, -value});
    }
  }
  std::sort(values.begin(), values.end());
  std::array<float, 256> table{};
  std::copy(values.begin(), values.end(), table.begin());
  return table;
}

/// The nearest value's index; the lower one in the middle.
template <size_t N>
uint8_t nearest(const std::array<float, N>& table, float x) {
  const auto above = std::lower_bound(table.begin(), table.end(), x);
  if (above == table.begin()) return 0;
  if (above == table.end()) return static_cast<uint8_t>(N - 1);
  const auto at = static_cast<size_t>(above - table.begin());
  return static_cast<uint8_t>(x - table[at - 1] <= table[at] - x ? at - 1 : at);
}

}  // namespace

const std::array<float, 16>& nf4_values() { return kNf4Values; }

const std::array<float, 256>& nf4_scale_values() {
  static const std::array<float, 256> table = dynamic_values();
  return table;
}

void quantize_nf4(std::span<const float> values, uint8_t* packed, float* scales) {
  const auto count = static_cast<int64_t>(values.size());
  base::parallel_for(nf4_blocks(count), 256, [&](int64_t from, int64_t to) {
    for (int64_t block = from; block < to; ++block) {
      const int64_t begin = block * kNf4Block, end = std::min(count, begin + kNf4Block);
      float largest = 0;
      for (int64_t i = begin; i < end; ++i) largest = std::max(largest, std::fabs(values[static_cast<size_t>(i)]));
      scales[block] = largest;
      for (int64_t i = begin; i < end; ++i) {
        const uint8_t code = nearest(kNf4Values, largest > 0 ? values[static_cast<size_t>(i)] / largest : 0.0f);
        packed[i / 2] = static_cast<uint8_t>(packed[i / 2] | code << (i % 2 ? 0 : 4));
      }
    }
  });
}

float quantize_nf4_scales(std::span<const float> scales, uint8_t* codes, float* maxima) {
  const auto blocks = static_cast<int64_t>(scales.size());
  double sum = 0;
  for (float scale : scales) sum += scale;
  const auto mean = static_cast<float>(sum / static_cast<double>(blocks));
  for (int64_t g = 0; g < nf4_scale_groups(blocks); ++g) {
    const int64_t begin = g * kNf4ScaleBlock, end = std::min(blocks, begin + kNf4ScaleBlock);
    float largest = 0;
    for (int64_t i = begin; i < end; ++i) largest = std::max(largest, std::fabs(scales[static_cast<size_t>(i)] - mean));
    maxima[g] = largest;
    for (int64_t i = begin; i < end; ++i)
      codes[i] = nearest(nf4_scale_values(), largest > 0 ? (scales[static_cast<size_t>(i)] - mean) / largest : 0);
  }
  return mean;
}

void round_to_nf4(std::span<float> values, bool double_quant) {
  if (values.empty()) return;
  const auto count = static_cast<int64_t>(values.size());
  const int64_t blocks = nf4_blocks(count);
  std::vector<uint8_t> packed((values.size() + 1) / 2);
  std::vector<float> scales(static_cast<size_t>(blocks));
  quantize_nf4(values, packed.data(), scales.data());
  if (double_quant) {
    std::vector<uint8_t> codes(scales.size());
    std::vector<float> maxima(static_cast<size_t>(nf4_scale_groups(blocks)));
    const float mean = quantize_nf4_scales(scales, codes.data(), maxima.data());
    for (size_t i = 0; i < scales.size(); ++i) scales[i] = nf4_scale_values()[codes[i]] * maxima[i / kNf4ScaleBlock] + mean;
  }
  for (size_t i = 0; i < values.size(); ++i) values[i] = kNf4Values[packed[i / 2] >> (i % 2 ? 0 : 4) & 15] * scales[i / kNf4Block];
}

}  // namespace athanor::checkpoint
