// Flash attention with bf16 products (vdpbf16ps) and f32 sums. See flash_attention.cpp.

#include <algorithm>

#include "athanor/core/kernels/vector_avx512.h"

#include "athanor/core/kernels/flash_attention_backward_tiles.h"

namespace athanor::kernels::vnni {

namespace {

struct Bf16Math {
  using Number = uint16_t;
  static constexpr int kDepth = 2;
  static Vec multiply_add(Vec sum, Vec a, Vec b) { return bf16_dot(sum, a, b); }
  static Vec exponential(Vec x) { return exp2_bf16(x); }
  static void store_numbers(uint16_t* p, Vec x) {  // x came from bf16: its lower halves are zero
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(x), 16)));
  }
  /// Two f32 vectors that are bf16 already, as pairs: a below, b above.
  static Vec words(Vec a, Vec b) {
    return _mm512_castsi512_ps(_mm512_or_epi32(_mm512_srli_epi32(_mm512_castps_si512(a), 16), _mm512_castps_si512(b)));
  }
  static void store_pair(Vec even, Vec odd, int64_t width, float* panel, uint16_t* rows) {
    const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(odd, even));  // sixteen of even, then sixteen of odd
    if (panel) _mm512_store_si512(panel, interleave(both));
    if (!rows) return;
    _mm256_store_si256(reinterpret_cast<__m256i*>(rows), _mm512_castsi512_si256(both));
    _mm256_store_si256(reinterpret_cast<__m256i*>(rows + width), _mm512_extracti64x4_epi64(both, 1));
  }

 private:
  /// even 0, odd 0, even 1, odd 1, ..
  static __m512i interleave(__m512i pair) {
    const __m512i low = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_permutexvar_epi16(_mm512_or_si512(low, _mm512_slli_epi32(_mm512_add_epi32(low, _mm512_set1_epi32(16)), 16)),
                                    pair);
  }
};

}  // namespace

size_t forward_scratch(int64_t length, int64_t head_dim) { return ForwardScratch<Bf16Math>(length, head_dim, nullptr).bytes; }
size_t backward_scratch(int64_t length, int64_t head_dim) { return BackwardScratch<Bf16Math>(length, head_dim, nullptr).bytes; }

void forward_group(const ForwardGroup<uint16_t>& group) { Forward<Bf16Math, uint16_t>(group).run(); }
void backward_group(const BackwardGroup<uint16_t>& group) { Backward<Bf16Math, uint16_t>(group).run(); }

}  // namespace athanor::kernels::vnni
