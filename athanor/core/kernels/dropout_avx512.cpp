// Dropout, 32 elements at a time. See dropout.cpp.

#include "athanor/core/kernels/dropout_run.h"
#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels::avx512 {

namespace {

struct Words {
  __m512i first, second;  // 16 elements each
};

// Eight Philox blocks. A 64-bit lane carries one block's 32-bit word in its lower half; what gathers in upper halves is ignored by
// the multiplication and cut off at the end.
Words philox(const DropoutKeys& k, uint64_t index) {
  const __m512i indices =
      _mm512_add_epi64(_mm512_set1_epi64(static_cast<int64_t>(index)), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
  __m512i c0 = indices, c1 = _mm512_srli_epi64(indices, 32), c2 = _mm512_set1_epi64(k.step_low),
          c3 = _mm512_set1_epi64(k.step_high);
  const __m512i m0 = _mm512_set1_epi64(0xD2511F53), m1 = _mm512_set1_epi64(0xCD9E8D57);
  uint32_t key0 = k.key0, key1 = k.key1;
  for (int round = 0; round < 10; ++round) {
    const __m512i a = _mm512_mul_epu32(m0, c0), b = _mm512_mul_epu32(m1, c2);
    c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(b, 32), c1, _mm512_set1_epi64(key0), 0x96);  // a ^ b ^ c
    c1 = b;
    c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(a, 32), c3, _mm512_set1_epi64(key1), 0x96);
    c3 = a;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  const __mmask16 upper = 0xaaaa;
  const __m512i low = _mm512_mask_mov_epi32(c0, upper, _mm512_slli_epi64(c1, 32));
  const __m512i high = _mm512_mask_mov_epi32(c2, upper, _mm512_slli_epi64(c3, 32));
  return {_mm512_permutex2var_epi64(low, _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), high),
          _mm512_permutex2var_epi64(low, _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4), high)};
}

template <typename T>
void sixteen(int64_t left, __m512i words, const DropoutKeys& k, const T* x, const T* residual, T* y) {
  const __mmask16 m = lanes(left), keep = _mm512_cmpge_epu32_mask(words, _mm512_set1_epi32(static_cast<int>(k.threshold)));
  const __m512 kept = _mm512_maskz_mul_ps(keep, load(x, m), _mm512_set1_ps(k.scale));
  store(y, m, residual ? _mm512_add_ps(load(residual, m), kept) : kept);
}

}  // namespace

template <typename T>
void dropout_run(int64_t n, const T* x, const DropoutKeys& k, const T* residual, T* y) {
  for (int64_t i = 0; i < n; i += 32) {
    const Words words = philox(k, k.index + static_cast<uint64_t>(i / 4));
    sixteen(n - i, words.first, k, x + i, residual ? residual + i : nullptr, y + i);
    if (n - i > 16) sixteen(n - i - 16, words.second, k, x + i + 16, residual ? residual + i + 16 : nullptr, y + i + 16);
  }
}

template void dropout_run<float>(int64_t, const float*, const DropoutKeys&, const float*, float*);
template void dropout_run<uint16_t>(int64_t, const uint16_t*, const DropoutKeys&, const uint16_t*, uint16_t*);

}  // namespace athanor::kernels::avx512
