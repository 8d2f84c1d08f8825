#include "athanor/core/kernels/lanes_avx512.h"

#include "athanor/core/kernels/tile.h"

#include "athanor/core/kernels/matmul_i8.h"
#include "athanor/core/kernels/matmul_rows.h"

namespace athanor::kernels {
namespace {

/// Four products per lane in 16-bit pairs: even and odd bytes apart, since a sum of two u8 x s8 products does not fit 16 bits.
struct Quads {
  using Sum = __m512i;
  using Weights = __m512i;
  struct Input {
    __m512i even, odd;
  };
  static constexpr int kTileRows = 6;
  static Sum all(int32_t x) { return _mm512_set1_epi32(x); }
  static Weights load(const uint8_t* p) { return load_units(p); }
  static Input broadcast(const int8_t* p) {
    int32_t four;
    std::memcpy(&four, p, 4);
    const __m512i x = _mm512_set1_epi32(four);
    return {_mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8), _mm512_srai_epi16(x, 8)};
  }
  static Sum multiply_add(Sum sum, Weights w, const Input& x) {
    const __m512i even = _mm512_madd_epi16(_mm512_and_si512(w, _mm512_set1_epi16(0xff)), x.even);
    return _mm512_add_epi32(_mm512_add_epi32(sum, even), _mm512_madd_epi16(_mm512_srli_epi16(w, 8), x.odd));
  }
  static __m512 to_f32(Sum sum) { return _mm512_cvtepi32_ps(sum); }
};

void f32(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  rows_task<UnitF32, UnitF32>(x.f32, x.f32_stride, x, product, n0, columns);
}
void f16(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  rows_task<UnitF16, UnitF32>(x.f32, x.f32_stride, x, product, n0, columns);
}
void bf16(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  rows_task<UnitBf16, UnitBf16>(x.bf16, x.padded, x, product, n0, columns);
}

}  // namespace

const MatmulKernels& matmul_avx512() {
  static constexpr MatmulKernels kernels = {f32, f16, bf16, i8_task<Quads>, round_row};
  return kernels;
}

}  // namespace athanor::kernels
