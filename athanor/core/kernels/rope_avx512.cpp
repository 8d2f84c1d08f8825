// One head's rotation, 16 pairs at a time. See rope.cpp.

#include "athanor/core/kernels/rope_rows.h"
#include "athanor/core/kernels/vector_avx512.h"

namespace athanor::kernels::avx512 {

namespace {

struct Pairs {
  __m512 a, b;
};

// Sixteen interleaved pairs (a0 b0 a1 b1 ..), of which the first `count` exist.
Pairs load_interleaved(const float* p, int64_t count) {
  const __m512 low = load(p, lanes(2 * count)), high = load(p + 16, count > 8 ? lanes(2 * count - 16) : __mmask16{0});
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
  return {_mm512_permutex2var_ps(low, even, high), _mm512_permutex2var_ps(low, odd, high)};
}

void store_interleaved(float* p, int64_t count, Pairs pairs) {
  const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  store(p, lanes(2 * count), _mm512_permutex2var_ps(pairs.a, low, pairs.b));
  if (count > 8) store(p + 16, lanes(2 * count - 16), _mm512_permutex2var_ps(pairs.a, high, pairs.b));
}

// bf16 pairs are 32-bit words: a below, b above.
Pairs load_interleaved(const uint16_t* p, int64_t count) {
  const __m512i words = _mm512_maskz_loadu_epi32(lanes(count), p);
  return {_mm512_castsi512_ps(_mm512_slli_epi32(words, 16)),
          _mm512_castsi512_ps(_mm512_and_epi32(words, _mm512_set1_epi32(-65536)))};
}

void store_interleaved(uint16_t* p, int64_t count, Pairs pairs) {
  const __m512i a = _mm512_cvtepu16_epi32(to_bf16(pairs.a)), b = _mm512_slli_epi32(_mm512_cvtepu16_epi32(to_bf16(pairs.b)), 16);
  _mm512_mask_storeu_epi32(p, lanes(count), _mm512_or_epi32(a, b));
}

Pairs turn(Pairs p, __m512 cos, __m512 sin) {
  return {_mm512_fmsub_ps(p.a, cos, _mm512_mul_ps(p.b, sin)), _mm512_fmadd_ps(p.b, cos, _mm512_mul_ps(p.a, sin))};
}

}  // namespace

template <typename T>
void rotate_head(const T* x, const float* cos, const float* sin, int64_t pairs, float sign, bool interleaved, T* y) {
  const __m512 signs = _mm512_set1_ps(sign);
  for (int64_t i = 0; i < pairs; i += 16) {
    const int64_t count = pairs - i;
    const __mmask16 m = lanes(count);
    const __m512 c = load(cos + i, m), s = _mm512_mul_ps(load(sin + i, m), signs);
    if (interleaved) {
      store_interleaved(y + 2 * i, count < 16 ? count : 16, turn(load_interleaved(x + 2 * i, count < 16 ? count : 16), c, s));
    } else {
      const Pairs turned = turn({load(x + i, m), load(x + pairs + i, m)}, c, s);
      store(y + i, m, turned.a);
      store(y + pairs + i, m, turned.b);
    }
  }
}

template void rotate_head<float>(const float*, const float*, const float*, int64_t, float, bool, float*);
template void rotate_head<uint16_t>(const uint16_t*, const float*, const float*, int64_t, float, bool, uint16_t*);

}  // namespace athanor::kernels::avx512
