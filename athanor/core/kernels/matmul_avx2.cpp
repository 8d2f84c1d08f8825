#include "athanor/core/kernels/vector_avx2.h"

#include "athanor/core/kernels/matmul_i8.h"
#include "athanor/core/kernels/matmul_rows.h"

namespace athanor::kernels {
namespace {

/// Four products per lane in 16-bit pairs: even and odd bytes apart, since a sum of two u8 x s8 products does not fit 16 bits.
struct Quads {
  struct Sum {
    __m256i low, high;
  };
  using Weights = Sum;
  struct Input {
    __m256i even, odd;
  };
  static constexpr int kTileRows = 3;
  static Sum all(int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
  static Weights load(const uint8_t* p) {
    const auto* at = reinterpret_cast<const __m256i_u*>(p);
    return {_mm256_loadu_si256(at), _mm256_loadu_si256(at + 1)};
  }
  /// The eight quads of a block.
  struct Inputs {
    alignas(32) int32_t even[8], odd[8];
  };
  static Inputs inputs(const int8_t* block) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(block));
    Inputs apart;
    _mm256_store_si256(reinterpret_cast<__m256i*>(apart.even), _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8));
    _mm256_store_si256(reinterpret_cast<__m256i*>(apart.odd), _mm256_srai_epi16(x, 8));
    return apart;
  }
  static Input broadcast(const Inputs& inputs, int64_t quad) {
    return {_mm256_set1_epi32(inputs.even[quad]), _mm256_set1_epi32(inputs.odd[quad])};
  }
  static __m256i multiply_add(__m256i sum, __m256i w, const Input& x) {
    const __m256i even = _mm256_madd_epi16(_mm256_and_si256(w, _mm256_set1_epi16(0xff)), x.even);
    return _mm256_add_epi32(_mm256_add_epi32(sum, even), _mm256_madd_epi16(_mm256_srli_epi16(w, 8), x.odd));
  }
  static Sum multiply_add(const Sum& sum, const Weights& w, const Input& x) {
    return {multiply_add(sum.low, w.low, x), multiply_add(sum.high, w.high, x)};
  }
  static Vec to_f32(const Sum& sum) { return {_mm256_cvtepi32_ps(sum.low), _mm256_cvtepi32_ps(sum.high)}; }
};

}  // namespace

const MatmulKernels& matmul_avx2() {
  static constexpr MatmulKernels kernels = {f32_task, f16_task, bf16_task, i8_task<Quads>, round_row, widen_row};
  return kernels;
}

}  // namespace athanor::kernels
