#pragma once
// lanes_avx512.h plus the bfloat16 dot product. Only for files whose name ends in _vnni.

#include "athanor/core/kernels/lanes_avx512.h"

namespace athanor::kernels {
namespace {

/// vdpbf16ps takes subnormal numbers as zero; otherwise the sum of UnitBf16.
struct UnitBf16Dot : UnitBf16 {
  using Raw = __m512i;
  static Raw load(const void* p) { return load_units(p); }
  static Raw load_part(const void* p, int64_t elements) { return load_part_16(p, elements); }
  static Raw broadcast(const uint32_t* p) { return _mm512_set1_epi32(static_cast<int>(*p)); }
  static __m512 multiply_add(__m512 sum, Raw a, Raw b) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
};

}  // namespace
}  // namespace athanor::kernels
