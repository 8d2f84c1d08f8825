#pragma once
// What adamw.cpp asks of an instruction set: a run of one segment by one thread. Internal to adamw*.cpp.

#include <cstdint>

namespace athanor::kernels {

/// The numbers of an update, worked out once: w = w keep - rate m / (sqrt(v) root + eps).
struct AdamWFactors {
  float beta1, beta2, eps, gradient_scale, keep, rate, root;
};

namespace scalar {
template <typename G>
void adamw_run(int64_t n, const AdamWFactors& f, const G* gradient, float* w, float* m, float* v, uint16_t* working);
}
namespace avx2 {
template <typename G>
void adamw_run(int64_t n, const AdamWFactors& f, const G* gradient, float* w, float* m, float* v, uint16_t* working);
}
namespace avx512 {
template <typename G>
void adamw_run(int64_t n, const AdamWFactors& f, const G* gradient, float* w, float* m, float* v, uint16_t* working);
}

}  // namespace athanor::kernels
