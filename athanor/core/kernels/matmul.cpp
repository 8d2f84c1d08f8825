#include "athanor/core/kernels/matmul.h"

#include <algorithm>
#include <cstring>

#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/core/kernels/matmul_kernels.h"
#include "athanor/core/kernels/quantize_i8.h"

namespace athanor::kernels {
namespace {

const MatmulKernels& kernels_in_force() {
  switch (isa_level()) {
    case IsaLevel::kVnni:
      return matmul_vnni();
    case IsaLevel::kAvx512:
      return matmul_avx512();
    case IsaLevel::kAvx2:
      return matmul_avx2();
    case IsaLevel::kScalar:
      break;
  }
  return matmul_scalar();
}

MatmulTask task_of(const MatmulKernels& kernels, WeightType type) {
  switch (type) {
    case WeightType::kF16:
      return kernels.f16;
    case WeightType::kBF16:
      return kernels.bf16;
    case WeightType::kI8:
      return kernels.i8;
    case WeightType::kF32:
      break;
  }
  return kernels.f32;
}

int64_t panels_of(const Product& product) { return (product.weight.rows + kPanelRows - 1) / kPanelRows; }

bool any_of_type(std::span<const Product> products, auto... types) {
  return std::any_of(products.begin(), products.end(), [&](const Product& p) { return ((p.weight.type == types) || ...); });
}

// Rows of x that one thread should prepare at least: below that, waking another costs more than it saves.
int64_t row_grain(int64_t columns) { return std::max<int64_t>(1, 32768 / std::max<int64_t>(columns, 1)); }

}  // namespace

uint64_t WeightMatrix::bytes() const {
  switch (type) {
    case WeightType::kI8:
      return i8_bytes(rows, columns);
    case WeightType::kF32:
      return static_cast<uint64_t>(rows * columns) * 4;
    default:
      return static_cast<uint64_t>(rows * columns) * 2;
  }
}

uint64_t MatmulWork::bytes(int64_t rows, int64_t columns) {
  const auto padded = static_cast<uint64_t>((columns + 31) / 32 * 32), m = static_cast<uint64_t>(rows);
  return m * padded * (4 + 2 + 4 + 1) + m * (padded / 32) * 8;
}

void PreparedInput::prepare(const float* x, int64_t stride, std::span<const Product> products, MatmulWork& work) {
  padded = (columns + 31) / 32 * 32;
  const int64_t blocks = padded / 32;
  f32 = x;
  f32_stride = stride;
  float* padded_f32 = nullptr;
  if (padded != columns && any_of_type(products, WeightType::kF32, WeightType::kF16)) {
    f32 = padded_f32 = work.f32_.at_least<float>(rows * padded);
    f32_stride = padded;
  }
  uint16_t* narrowed = any_of_type(products, WeightType::kBF16) ? work.bf16_.at_least<uint16_t>(rows * padded) : nullptr;
  const MatmulKernels& kernels = kernels_in_force();
  float* widened = narrowed && kernels.widen && rows > kMostDotRows ? work.rounded_.at_least<float>(rows * padded) : nullptr;
  int8_t* quants = nullptr;
  float* quant_scales = nullptr;
  int32_t* quant_offsets = nullptr;
  if (any_of_type(products, WeightType::kI8)) {
    quants = work.i8_.at_least<int8_t>(rows * padded);
    quant_scales = work.scales_.at_least<float>(rows * blocks * 2);
    quant_offsets = reinterpret_cast<int32_t*>(quant_scales + rows * blocks);
  }
  bf16 = narrowed;
  rounded = widened;
  i8 = quants;
  scales = quant_scales;
  offsets = quant_offsets;
  base::parallel_for(rows, row_grain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; ++m) {
      const float* from = x + m * stride;
      if (padded_f32) {
        std::memcpy(padded_f32 + m * padded, from, static_cast<size_t>(columns) * 4);
        std::fill(padded_f32 + m * padded + columns, padded_f32 + (m + 1) * padded, 0.0f);
      }
      if (narrowed) {
        kernels.to_bf16(from, columns, narrowed + m * padded);
        std::fill(narrowed + m * padded + columns, narrowed + (m + 1) * padded, uint16_t{0});
        if (widened) kernels.widen(narrowed + m * padded, padded, widened + m * padded);
      }
      if (quants) quantize_i8_input(from, columns, quants + m * padded, quant_scales + m * blocks, quant_offsets + m * blocks);
    }
  });
}

void matmul(const float* x, int64_t rows, int64_t stride, std::span<const Product> products, MatmulWork& work) {
  if (rows <= 0 || products.empty()) return;
  const int64_t columns = products.front().weight.columns;
  int64_t panels = 0;
  for (const Product& product : products) {
    base::expect(product.weight.columns == columns, "kernels.matmul", "products of one x need weights of the same width");
    panels += panels_of(product);
  }
  PreparedInput input;
  input.rows = rows;
  input.columns = columns;
  input.prepare(x, stride, products, work);

  const MatmulKernels& kernels = kernels_in_force();
  // A task of at least 64K multiplications: some 5 us for one row from memory, 1 us for many from the cache.
  const int64_t grain = std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(rows * columns * kPanelRows, 1));
  base::parallel_dynamic(panels, grain, [&](int64_t begin, int64_t end) {
    for (const Product& product : products) {
      const int64_t here = panels_of(product);
      const MatmulTask task = task_of(kernels, product.weight.type);
      for (int64_t p = std::max<int64_t>(begin, 0); p < std::min(end, here); ++p)
        task(input, product, p * kPanelRows, std::min(kPanelRows, product.weight.rows - p * kPanelRows));
      begin -= here;
      end -= here;
      if (end <= 0) return;
    }
  });
}

}  // namespace athanor::kernels
