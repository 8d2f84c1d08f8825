// RMSNorm and LayerNorm: the schedule over threads and the scalar rows.
//
// Floor: the forward pass reads x and writes y once, the backward pass reads x and dy and writes dx: bytes over bandwidth (measured
// on one Zen 4 core, in cache: 13 to 16 GB/s in bf16, 21 to 26 in f32). The weight gradient is a sum over all rows. It is taken in
// runs of kRun rows whose sums are added as a fixed tree, so that its rounding does not depend on how many threads took part
// (RMSNorm keeps only rstd for the backward pass, LayerNorm mean and rstd). Checked against: double precision formulas and ATen's
// layer_norm in tests.

#include "athanor/core/kernels/norms.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/element.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/core/kernels/norms_rows.h"

namespace athanor::kernels {

namespace scalar {

template <typename T>
void norm_rows(const NormRows<T>& r) {
  for (int64_t i = 0; i < r.rows; ++i) {
    const T* x = r.x + i * r.x_stride;
    T* y = r.y + i * r.y_stride;
    if (r.delta) {
      T* sum = r.sum + i * r.width;
      for (int64_t c = 0; c < r.width; ++c) sum[c] = from_f32<T>(to_f32(x[c]) + to_f32(r.delta[i * r.width + c]));
      x = sum;
    }
    float mean = 0, square = 0;
    if (r.centered) {
      for (int64_t c = 0; c < r.width; ++c) mean += to_f32(x[c]);
      mean /= static_cast<float>(r.width);
    }
    for (int64_t c = 0; c < r.width; ++c) square += (to_f32(x[c]) - mean) * (to_f32(x[c]) - mean);
    const float rstd = 1.0f / std::sqrt(square / static_cast<float>(r.width) + r.eps);
    for (int64_t c = 0; c < r.width; ++c)
      y[c] = from_f32<T>((to_f32(x[c]) - mean) * rstd * r.weight[c] + (r.bias ? r.bias[c] : 0.0f));
    if (r.mean) r.mean[i] = mean;
    if (r.rstd) r.rstd[i] = rstd;
  }
}

template <typename T>
void norm_rows_backward(const NormRowsBackward<T>& r) {
  for (int64_t c = 0; c < r.width; ++c) r.dweight[c] = 0;
  if (r.dbias)
    for (int64_t c = 0; c < r.width; ++c) r.dbias[c] = 0;
  const float inverse_width = 1.0f / static_cast<float>(r.width);
  for (int64_t i = 0; i < r.rows; ++i) {
    const int64_t row = i * r.width;
    const float rstd = r.rstd[i], mean = r.mean ? r.mean[i] : 0.0f;
    float along_ones = 0, along_xhat = 0;
    for (int64_t c = 0; c < r.width; ++c) {
      const float g = to_f32(r.dy[row + c]) * r.weight[c];
      along_ones += g;
      along_xhat += g * (to_f32(r.x[row + c]) - mean) * rstd;
    }
    along_ones *= r.mean ? inverse_width : 0.0f;
    along_xhat *= inverse_width;
    for (int64_t c = 0; c < r.width; ++c) {
      const float dy = to_f32(r.dy[row + c]), xhat = (to_f32(r.x[row + c]) - mean) * rstd;
      r.dweight[c] += dy * xhat;
      if (r.dbias) r.dbias[c] += dy;
      const float dx = rstd * (dy * r.weight[c] - along_ones - xhat * along_xhat);
      r.dx[row + c] = from_f32<T>(r.skip ? dx + to_f32(r.skip[row + c]) : dx);
    }
  }
}

}  // namespace scalar

namespace {

constexpr int64_t kRun = 32;              // rows whose weight gradients are summed one after another
constexpr int64_t kGrainElements = 8192;  // fewer are not worth a second thread

template <typename T>
void forward(NormRows<T> all) {
  const auto rows = by_isa(scalar::norm_rows<T>, avx2::norm_rows<T>, avx512::norm_rows<T>);
  base::parallel_for(all.rows, 1 + kGrainElements / (all.width + 1), [&](int64_t begin, int64_t end) {
    NormRows<T> part = all;
    part.rows = end - begin;
    part.x += begin * all.x_stride;
    part.y += begin * all.y_stride;
    if (all.delta) {
      part.delta += begin * all.width;
      part.sum += begin * all.width;
    }
    if (all.mean) part.mean += begin;
    if (all.rstd) part.rstd += begin;
    rows(part);
  });
}

// sums [runs, width]: row 0 becomes the sum of all, halving the distance between the rows added.
void add_rows_as_tree(std::vector<float>& sums, int64_t runs, int64_t width) {
  for (int64_t step = 1; step < runs; step *= 2)
    for (int64_t a = 0; a + step < runs; a += 2 * step)
      for (int64_t c = 0; c < width; ++c)
        sums[static_cast<size_t>(a * width + c)] += sums[static_cast<size_t>((a + step) * width + c)];
}

template <typename T>
void backward(const NormRowsBackward<T>& all) {
  const auto rows_backward = by_isa(scalar::norm_rows_backward<T>, avx2::norm_rows_backward<T>, avx512::norm_rows_backward<T>);
  const int64_t width = all.width, runs = (all.rows + kRun - 1) / kRun;
  const int64_t sums_width = all.dbias ? 2 * width : width;
  std::vector<float> sums(static_cast<size_t>(runs * sums_width));
  base::parallel_for(runs, 1 + kGrainElements / (kRun * (width + 1)), [&](int64_t begin, int64_t end) {
    for (int64_t run = begin; run < end; ++run) {
      const int64_t row = run * kRun, at = row * width;
      NormRowsBackward<T> part = all;
      part.rows = std::min(kRun, all.rows - row);
      part.x += at;
      part.dy += at;
      part.dx += at;
      part.rstd += row;
      if (all.mean) part.mean += row;
      if (all.skip) part.skip += at;
      part.dweight = sums.data() + run * sums_width;
      if (all.dbias) part.dbias = part.dweight + width;
      rows_backward(part);
    }
  });
  if (runs == 0) sums.resize(static_cast<size_t>(sums_width));
  add_rows_as_tree(sums, runs, sums_width);
  for (int64_t c = 0; c < width; ++c) all.dweight[c] = sums[static_cast<size_t>(c)];
  for (int64_t c = 0; all.dbias && c < width; ++c) all.dbias[c] = sums[static_cast<size_t>(width + c)];
}

int64_t or_width(int64_t stride, int64_t width) { return stride ? stride : width; }

}  // namespace

template <typename T>
void rms_norm(const NormShape& s, const T* x, const float* weight, float eps, T* y, float* rstd) {
  forward<T>({.rows = s.rows,
              .width = s.width,
              .x_stride = or_width(s.x_stride, s.width),
              .y_stride = or_width(s.y_stride, s.width),
              .x = x,
              .delta = nullptr,
              .weight = weight,
              .bias = nullptr,
              .eps = eps,
              .centered = false,
              .sum = nullptr,
              .y = y,
              .mean = nullptr,
              .rstd = rstd});
}

template <typename T>
void add_rms_norm(int64_t rows, int64_t width, const T* x, const T* delta, const float* weight, float eps, T* sum, T* y,
                  float* rstd) {
  forward<T>({.rows = rows,
              .width = width,
              .x_stride = width,
              .y_stride = width,
              .x = x,
              .delta = delta,
              .weight = weight,
              .bias = nullptr,
              .eps = eps,
              .centered = false,
              .sum = sum,
              .y = y,
              .mean = nullptr,
              .rstd = rstd});
}

template <typename T>
void rms_norm_backward(int64_t rows, int64_t width, const T* x, const float* weight, const float* rstd, const T* dy, const T* skip,
                       T* dx, float* dweight) {
  backward<T>({.rows = rows,
               .width = width,
               .x = x,
               .weight = weight,
               .mean = nullptr,
               .rstd = rstd,
               .dy = dy,
               .skip = skip,
               .dx = dx,
               .dweight = dweight,
               .dbias = nullptr});
}

template <typename T>
void layer_norm(const NormShape& s, const T* x, const float* weight, const float* bias, float eps, T* y, float* mean, float* rstd) {
  forward<T>({.rows = s.rows,
              .width = s.width,
              .x_stride = or_width(s.x_stride, s.width),
              .y_stride = or_width(s.y_stride, s.width),
              .x = x,
              .delta = nullptr,
              .weight = weight,
              .bias = bias,
              .eps = eps,
              .centered = true,
              .sum = nullptr,
              .y = y,
              .mean = mean,
              .rstd = rstd});
}

template <typename T>
void layer_norm_backward(int64_t rows, int64_t width, const T* x, const float* weight, const float* mean, const float* rstd,
                         const T* dy, T* dx, float* dweight, float* dbias) {
  backward<T>({.rows = rows,
               .width = width,
               .x = x,
               .weight = weight,
               .mean = mean,
               .rstd = rstd,
               .dy = dy,
               .skip = nullptr,
               .dx = dx,
               .dweight = dweight,
               .dbias = dbias});
}

#define ATH_INSTANTIATE(T)                                                                                                         \
  template void rms_norm<T>(const NormShape&, const T*, const float*, float, T*, float*);                                          \
  template void add_rms_norm<T>(int64_t, int64_t, const T*, const T*, const float*, float, T*, T*, float*);                        \
  template void rms_norm_backward<T>(int64_t, int64_t, const T*, const float*, const float*, const T*, const T*, T*, float*);      \
  template void layer_norm<T>(const NormShape&, const T*, const float*, const float*, float, T*, float*, float*);                  \
  template void layer_norm_backward<T>(int64_t, int64_t, const T*, const float*, const float*, const float*, const T*, T*, float*, \
                                       float*);
ATH_INSTANTIATE(float)
ATH_INSTANTIATE(uint16_t)
#undef ATH_INSTANTIATE

}  // namespace athanor::kernels
