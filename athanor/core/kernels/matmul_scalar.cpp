// The reference: plain loops with sums in double, what every other instruction set is tested against.

#include "athanor/core/base/half.h"
#include "athanor/core/kernels/matmul_kernels.h"
#include "athanor/core/kernels/quantize_i8.h"

namespace athanor::kernels {
namespace {

float widen(float w) { return w; }
struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};
float widen(F16 w) { return base::f16_to_f32(w.bits); }
float widen(BF16 w) { return base::bf16_to_f32(w.bits); }

template <typename W, typename X>
void multiply(const X* x, int64_t x_stride, const PreparedInput& input, const Product& product, int64_t n0, int64_t columns) {
  for (int64_t n = n0; n < n0 + columns; ++n) {
    const W* w = static_cast<const W*>(product.weight.data) + n * input.columns;
    for (int64_t m = 0; m < input.rows; ++m) {
      double sum = product.bias ? product.bias[n] : 0;
      for (int64_t k = 0; k < input.columns; ++k) sum += static_cast<double>(widen(x[m * x_stride + k])) * widen(w[k]);
      product.y[m * product.stride + n] = static_cast<float>(sum);
    }
  }
}

void f32(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  multiply<float>(x.f32, x.f32_stride, x, product, n0, columns);
}

void f16(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  multiply<F16>(x.f32, x.f32_stride, x, product, n0, columns);
}

void bf16(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  multiply<BF16>(reinterpret_cast<const BF16*>(x.bf16), x.padded, x, product, n0, columns);
}

void i8(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  const int64_t blocks = x.padded / kI8Block;
  const auto* panel = static_cast<const uint8_t*>(product.weight.data) + n0 / kI8PanelRows * blocks * kI8BlockBytes;
  for (int64_t n = 0; n < columns; ++n) {
    for (int64_t m = 0; m < x.rows; ++m) {
      double sum = product.bias ? product.bias[n0 + n] : 0;
      for (int64_t b = 0; b < blocks; ++b) {
        const uint8_t* block = panel + b * kI8BlockBytes;
        int32_t inside = 0;
        for (int64_t k = 0; k < kI8Block; ++k)
          inside += (block[(k / 4 * kI8PanelRows + n) * 4 + k % 4] - 128) * x.i8[m * x.padded + b * kI8Block + k];
        const float scale = base::f16_to_f32(reinterpret_cast<const uint16_t*>(block + 1024)[n]);
        sum += static_cast<double>(inside) * scale * x.scales[m * blocks + b];
      }
      product.y[m * product.stride + n0 + n] = static_cast<float>(sum);
    }
  }
}

void to_bf16(const float* x, int64_t n, uint16_t* out) {
  for (int64_t i = 0; i < n; ++i) out[i] = base::f32_to_bf16(x[i]);
}

}  // namespace

const MatmulKernels& matmul_scalar() {
  static constexpr MatmulKernels kernels = {f32, f16, bf16, i8, to_bf16, nullptr};
  return kernels;
}

}  // namespace athanor::kernels
