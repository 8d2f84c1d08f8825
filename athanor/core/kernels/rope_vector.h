// One head's rotation, 16 pairs at a time. See rope.cpp.

#include "athanor/core/kernels/rope_rows.h"

namespace athanor::kernels::ATH_ISA {

namespace {

Pairs turn(Pairs p, Vec cos, Vec sin) { return {fms(p.a, cos, p.b * sin), fma(p.b, cos, p.a * sin)}; }

}  // namespace

template <typename T>
void rotate_head(const T* x, const float* cos, const float* sin, int64_t pairs, float sign, bool interleaved, T* y) {
  for_vectors(pairs, [&](int64_t i, Mask m) {
    const Vec c = load(cos + i, m), s = load(sin + i, m) * all(sign);
    if (!interleaved) {
      const Pairs turned = turn({load(x + i, m), load(x + pairs + i, m)}, c, s);
      store(y + i, m, turned.a);
      store(y + pairs + i, m, turned.b);
      return;
    }
    const int64_t left = 2 * (pairs - i);  // numbers, in two vectors
    const Mask first = lanes(left), second = left > 16 ? lanes(left - 16) : Mask{0};
    const Pairs turned = turn(apart(load(x + 2 * i, first), load(x + 2 * i + 16, second)), c, s);
    const Pairs back = together(turned.a, turned.b);
    store(y + 2 * i, first, back.a);
    store(y + 2 * i + 16, second, back.b);
  });
}

template void rotate_head<float>(const float*, const float*, const float*, int64_t, float, bool, float*);
template void rotate_head<uint16_t>(const uint16_t*, const float*, const float*, int64_t, float, bool, uint16_t*);

}  // namespace athanor::kernels::ATH_ISA
