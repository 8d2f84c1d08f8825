// Dropout, 32 elements at a time. See dropout.cpp.

#include "athanor/core/kernels/dropout_run.h"

namespace athanor::kernels::ATH_ISA {

namespace {

// Eight Philox blocks, 16 elements in each half. A 64-bit lane carries one block's 32-bit word in its lower half; what gathers in
// upper halves is ignored by the multiplication and cut off at the end.
WidePairs philox(const DropoutKeys& k, uint64_t index) {
  Wide c0 = ascending64(index), c1 = upper32(c0), c2 = all64(k.step_low), c3 = all64(k.step_high);
  const Wide m0 = all64(0xD2511F53), m1 = all64(0xCD9E8D57);
  uint32_t key0 = k.key0, key1 = k.key1;
  for (int round = 0; round < 10; ++round) {
    const Wide a = multiply_low32(m0, c0), b = multiply_low32(m1, c2);
    c0 = xor3(upper32(b), c1, all64(key0));
    c1 = b;
    c2 = xor3(upper32(a), c3, all64(key1));
    c3 = a;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return together64(join32(c0, c1), join32(c2, c3));
}

template <typename T>
void sixteen(int64_t left, Wide words, const DropoutKeys& k, const T* x, const T* residual, T* y) {
  const Mask m = lanes(left);
  const Vec kept = select(at_least32(words, k.threshold), load(x, m) * all(k.scale), all(0));
  store(y, m, residual ? load(residual, m) + kept : kept);
}

}  // namespace

template <typename T>
void dropout_run(int64_t n, const T* x, const DropoutKeys& k, const T* residual, T* y) {
  for (int64_t i = 0; i < n; i += 32) {
    const auto [first, second] = philox(k, k.index + static_cast<uint64_t>(i / 4));
    sixteen(n - i, first, k, x + i, residual ? residual + i : nullptr, y + i);
    if (n - i > 16) sixteen(n - i - 16, second, k, x + i + 16, residual ? residual + i + 16 : nullptr, y + i + 16);
  }
}

template void dropout_run<float>(int64_t, const float*, const DropoutKeys&, const float*, float*);
template void dropout_run<uint16_t>(int64_t, const uint16_t*, const DropoutKeys&, const uint16_t*, uint16_t*);

}  // namespace athanor::kernels::ATH_ISA
