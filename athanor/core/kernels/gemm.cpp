// The schedule of gemm over threads and its scalar form.
//
// Floor: 2 m n k operations at the processor's peak. The products of a 7M model's training run at 160 to 174 GFLOP/s on two Zen 2
// cores, where one large product of libtorch's (MKL) does 137; bench/train_kernels.cpp measures them. Checked against double
// precision sums in tests.

#include "athanor/core/kernels/gemm.h"

#include <algorithm>

#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/gemm_block.h"
#include "athanor/core/kernels/isa.h"

namespace athanor::kernels {

namespace scalar {

template <typename T>
void gemm_block(const Gemm<T>& p) {
  for (int64_t i = 0; i < p.m; ++i)
    for (int64_t j = 0; j < p.n; ++j) {
      float sum = p.add ? p.c[i * p.c_stride + j] : p.bias ? p.bias[j] : 0.0f;
      for (int64_t u = 0; u < p.k; ++u) sum += to_f32(*p.a.from(i, u).data) * to_f32(*p.b.from(u, j).data);
      p.c[i * p.c_stride + j] = sum;
    }
}

}  // namespace scalar

namespace {

constexpr int64_t kRowSplit = 48, kColumnSplit = 64;  // parts are whole tiles at every instruction set
constexpr int64_t kGrainProducts = int64_t{1} << 20;  // fewer are not worth a second thread

}  // namespace

template <typename T>
void gemm(const Gemm<T>& all) {
  if (all.m == 0 || all.n == 0) return;
  const auto block = by_isa(scalar::gemm_block<T>, avx2::gemm_block<T>, avx512::gemm_block<T>);
  // The longer side is split: each thread packs the whole shorter side for itself, and no thread waits for another.
  const bool rows = all.m >= all.n;
  const int64_t length = rows ? all.m : all.n, split = rows ? kRowSplit : kColumnSplit, parts = (length + split - 1) / split;
  const int64_t products = split * (rows ? all.n : all.m) * std::max<int64_t>(all.k, 1);
  base::parallel_for(parts, 1 + kGrainProducts / products, [&](int64_t begin, int64_t end) {
    Gemm<T> part = all;
    const int64_t first = begin * split, count = std::min(length, end * split) - first;
    if (rows) {
      part.m = count;
      part.a = all.a.from(first, 0);
      part.c += first * all.c_stride;
    } else {
      part.n = count;
      part.b = all.b.from(0, first);
      part.c += first;
      if (all.bias) part.bias += first;
    }
    block(part);
  });
}

template void gemm<float>(const Gemm<float>&);
template void gemm<uint16_t>(const Gemm<uint16_t>&);

}  // namespace athanor::kernels
