#include "athanor/learn/adapters/nf4.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/checkpoint/nf4.h"

namespace athanor::adapters {
namespace {

using checkpoint::kNf4Block;
using checkpoint::kNf4ScaleBlock;

void quantize_scales(Nf4Matrix& m) {
  const int64_t blocks = m.scales.numel();
  m.scale_codes = at::empty({blocks}, at::kByte);
  m.scale_maxima = at::empty({checkpoint::nf4_scale_groups(blocks)}, at::kFloat);
  m.scale_mean = checkpoint::quantize_nf4_scales({m.scales.const_data_ptr<float>(), static_cast<size_t>(blocks)},
                                                 m.scale_codes.data_ptr<uint8_t>(), m.scale_maxima.data_ptr<float>());
  m.scales.reset();
}

float scale_at(const Nf4Matrix& m, int64_t block) {
  if (m.scales.defined()) return m.scales.const_data_ptr<float>()[block];
  return checkpoint::nf4_scale_values()[m.scale_codes.const_data_ptr<uint8_t>()[block]] *
             m.scale_maxima.const_data_ptr<float>()[block / kNf4ScaleBlock] +
         static_cast<float>(m.scale_mean);
}

/// Numbers [begin, end) of the matrix.
template <typename T>
void decode(const Nf4Matrix& m, int64_t begin, int64_t end, T* out) {
  const std::array<float, 16>& values = checkpoint::nf4_values();
  const uint8_t* packed = m.packed.const_data_ptr<uint8_t>();
  for (int64_t i = begin; i < end;) {
    const float scale = scale_at(m, i / kNf4Block);
    for (const int64_t stop = std::min(end, (i / kNf4Block + 1) * kNf4Block); i < stop; ++i)
      *out++ = static_cast<T>(values[packed[i / 2] >> (i % 2 ? 0 : 4) & 15] * scale);
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
  const int64_t count = wide.numel(), blocks = checkpoint::nf4_blocks(count);
  Nf4Matrix m = {wide.size(0), wide.size(1), at::zeros({(count + 1) / 2}, at::kByte), at::empty({blocks}, at::kFloat), {}, {}};
  checkpoint::quantize_nf4({wide.const_data_ptr<float>(), static_cast<size_t>(count)}, m.packed.data_ptr<uint8_t>(),
                           m.scales.data_ptr<float>());
  if (double_quant) quantize_scales(m);
  return m;
}

at::Tensor dequantize_rows(const Nf4Matrix& m, int64_t first, int64_t count, at::ScalarType type) {
  at::Tensor out = at::empty({count, m.columns}, type == at::kBFloat16 ? at::kBFloat16 : at::kFloat);
  dequantize_rows_into(m, first, out);
  return out.to(type);
}

void dequantize_rows_into(const Nf4Matrix& m, int64_t first, const at::Tensor& out) {
  base::parallel_for(out.size(0), std::max<int64_t>(1, 65536 / std::max<int64_t>(m.columns, 1)), [&](int64_t from, int64_t to) {
    const int64_t begin = (first + from) * m.columns, end = (first + to) * m.columns;
    if (out.scalar_type() == at::kBFloat16)
      decode(m, begin, end, out.data_ptr<at::BFloat16>() + from * m.columns);
    else
      decode(m, begin, end, out.data_ptr<float>() + from * m.columns);
  });
}

}  // namespace athanor::adapters
