#include "athanor/learn/adapters/nf4.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"

namespace athanor::adapters {
namespace {

constexpr int64_t kBlock = 64, kScaleBlock = 256;

constexpr std::array<float, 16> kValues = {-1.0f,
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

const std::array<float, 256>& scale_values() {
  static const std::array<float, 256> table = dynamic_values();
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

int64_t blocks_of(int64_t count, int64_t block) { return (count + block - 1) / block; }

void quantize_scales(Nf4Matrix& m) {
  const int64_t blocks = m.scales.numel(), groups = blocks_of(blocks, kScaleBlock);
  const float* scales = m.scales.const_data_ptr<float>();
  double sum = 0;
  for (int64_t i = 0; i < blocks; ++i) sum += scales[i];
  const auto mean = static_cast<float>(sum / static_cast<double>(blocks));
  m.scale_mean = mean;
  m.scale_codes = at::empty({blocks}, at::kByte);
  m.scale_maxima = at::empty({groups}, at::kFloat);
  for (int64_t g = 0; g < groups; ++g) {
    const int64_t end = std::min(blocks, (g + 1) * kScaleBlock);
    float largest = 0;
    for (int64_t i = g * kScaleBlock; i < end; ++i) largest = std::max(largest, std::fabs(scales[i] - mean));
    m.scale_maxima.data_ptr<float>()[g] = largest;
    for (int64_t i = g * kScaleBlock; i < end; ++i)
      m.scale_codes.data_ptr<uint8_t>()[i] =
          largest > 0 ? nearest(scale_values(), (scales[i] - mean) / largest) : nearest(scale_values(), 0);
  }
  m.scales.reset();
}

float scale_at(const Nf4Matrix& m, int64_t block) {
  if (m.scales.defined()) return m.scales.const_data_ptr<float>()[block];
  return scale_values()[m.scale_codes.const_data_ptr<uint8_t>()[block]] *
             m.scale_maxima.const_data_ptr<float>()[block / kScaleBlock] +
         static_cast<float>(m.scale_mean);
}

/// Numbers [begin, end) of the matrix.
template <typename T>
void decode(const Nf4Matrix& m, int64_t begin, int64_t end, T* out) {
  const uint8_t* packed = m.packed.const_data_ptr<uint8_t>();
  for (int64_t i = begin; i < end;) {
    const float scale = scale_at(m, i / kBlock);
    for (const int64_t stop = std::min(end, (i / kBlock + 1) * kBlock); i < stop; ++i)
      *out++ = static_cast<T>(kValues[packed[i / 2] >> (i % 2 ? 0 : 4) & 15] * scale);
  }
}

}  // namespace

int64_t Nf4Matrix::bytes() const {
  int64_t sum = 0;
  for (const at::Tensor* part : {&packed, &scales, &scale_codes, &scale_maxima})
    if (part->defined()) sum += static_cast<int64_t>(part->nbytes());
  return sum;
}

Nf4Matrix quantize_nf4(const at::Tensor& matrix, bool double_quant) {
  base::expect(matrix.dim() == 2 && matrix.is_cpu(), "adapters.nf4", "a matrix on the CPU");
  const at::Tensor wide = matrix.detach().to(at::kFloat).contiguous();
  const int64_t count = wide.numel(), blocks = blocks_of(count, kBlock);
  Nf4Matrix m = {wide.size(0), wide.size(1), at::zeros({(count + 1) / 2}, at::kByte), at::empty({blocks}, at::kFloat), {}, {}};
  const float* values = wide.const_data_ptr<float>();
  float* scales = m.scales.data_ptr<float>();
  uint8_t* packed = m.packed.data_ptr<uint8_t>();
  base::parallel_for(blocks, 256, [&](int64_t from, int64_t to) {
    for (int64_t block = from; block < to; ++block) {
      const int64_t begin = block * kBlock, end = std::min(count, begin + kBlock);
      float largest = 0;
      for (int64_t i = begin; i < end; ++i) largest = std::max(largest, std::fabs(values[i]));
      scales[block] = largest;
      for (int64_t i = begin; i < end; ++i) {
        const uint8_t code = nearest(kValues, largest > 0 ? values[i] / largest : 0.0f);
        packed[i / 2] = static_cast<uint8_t>(packed[i / 2] | code << (i % 2 ? 0 : 4));
      }
    }
  });
  if (double_quant) quantize_scales(m);
  return m;
}

at::Tensor dequantize_rows(const Nf4Matrix& m, int64_t first, int64_t count, at::ScalarType type) {
  at::Tensor out = at::empty({count, m.columns}, type == at::kBFloat16 ? at::kBFloat16 : at::kFloat);
  base::parallel_for(count, std::max<int64_t>(1, 65536 / std::max<int64_t>(m.columns, 1)), [&](int64_t from, int64_t to) {
    const int64_t begin = (first + from) * m.columns, end = (first + to) * m.columns;
    if (type == at::kBFloat16)
      decode(m, begin, end, out.data_ptr<at::BFloat16>() + from * m.columns);
    else
      decode(m, begin, end, out.data_ptr<float>() + from * m.columns);
  });
  return out.to(type);
}

}  // namespace athanor::adapters
