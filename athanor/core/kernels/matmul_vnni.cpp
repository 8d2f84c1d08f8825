// The instructions made for this: vdpbf16ps (two bfloat16 products per lane) and vpdpbusd (four u8 x s8 products per lane).

#include "athanor/core/kernels/vector_avx512.h"

#include "athanor/core/kernels/matmul_i8.h"
#include "athanor/core/kernels/matmul_rows.h"

namespace athanor::kernels {
namespace {

struct Quads {
  using Sum = __m512i;
  using Weights = __m512i;
  using Input = __m512i;
  static constexpr int kTileRows = 6;
  static Sum all(int32_t x) { return _mm512_set1_epi32(x); }
  static Weights load(const uint8_t* p) { return _mm512_loadu_si512(p); }
  using Inputs = const int8_t*;
  static Inputs inputs(const int8_t* block) { return block; }
  static Input broadcast(Inputs block, int64_t quad) {
    int32_t four;
    std::memcpy(&four, block + quad * 4, 4);
    return _mm512_set1_epi32(four);
  }
  static Sum multiply_add(Sum sum, Weights w, Input x) { return _mm512_dpbusd_epi32(sum, w, x); }
  static __m512 to_f32(Sum sum) { return _mm512_cvtepi32_ps(sum); }
};

void bf16_dot_task(const PreparedInput& x, const Product& product, int64_t n0, int64_t columns) {
  rows_task<UnitBf16Dot, UnitBf16Dot>(x.bf16, x.padded, x, product, n0, columns);
}

}  // namespace

const MatmulKernels& matmul_vnni() {
  static const MatmulKernels kernels = {matmul_avx512().f32, matmul_avx512().f16, bf16_dot_task,
                                        i8_task<Quads>,      round_row,           nullptr};
  return kernels;
}

}  // namespace athanor::kernels
