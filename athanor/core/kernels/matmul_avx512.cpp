#include "athanor/core/kernels/vector_avx512.h"

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
  static Weights load(const uint8_t* p) { return _mm512_loadu_si512(p); }
  using Inputs = const int8_t*;
  static Inputs inputs(const int8_t* block) { return block; }
  static Input broadcast(Inputs block, int64_t quad) {
    int32_t four;
    std::memcpy(&four, block + quad * 4, 4);
    const __m512i x = _mm512_set1_epi32(four);
    return {_mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8), _mm512_srai_epi16(x, 8)};
  }
  static Sum multiply_add(Sum sum, Weights w, const Input& x) {
    const __m512i even = _mm512_madd_epi16(_mm512_and_si512(w, _mm512_set1_epi16(0xff)), x.even);
    return _mm512_add_epi32(_mm512_add_epi32(sum, even), _mm512_madd_epi16(_mm512_srli_epi16(w, 8), x.odd));
  }
  static __m512 to_f32(Sum sum) { return _mm512_cvtepi32_ps(sum); }
};

}  // namespace

const MatmulKernels& matmul_avx512() {
  static constexpr MatmulKernels kernels = {f32_task, f16_task, bf16_task, i8_task<Quads>, round_row, widen_row};
  return kernels;
}

}  // namespace athanor::kernels
