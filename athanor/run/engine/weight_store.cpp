#include "athanor/run/engine/weight_store.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/checkpoint/block_format.h"
#include "athanor/core/kernels/quantize_i8.h"

namespace athanor::engine {

using kernels::WeightMatrix;
using kernels::WeightType;

namespace {

constexpr int64_t kRowGrain = 1 << 16;  // numbers that one thread converts at least

template <typename T>
void transpose_rows(const T* from, int64_t in, int64_t out, T* to, int64_t begin, int64_t end) {
  // 64 x 64 at a time: a block of both sides stays in the first-level cache
  for (int64_t o = begin; o < end; o += 64)
    for (int64_t i = 0; i < in; i += 64)
      for (int64_t r = o; r < std::min(o + 64, end); ++r)
        for (int64_t c = i; c < std::min(i + 64, in); ++c) to[r * in + c] = from[c * out + r];
}

size_t element_size(WeightType type) { return type == WeightType::kF32 ? 4 : 2; }

}  // namespace

Pages::Pages(uint64_t bytes, const char* what) : size_(std::max<uint64_t>(bytes, 1)) {
  void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    size_ = 0;
    base::input_error("engine.memory", {base::cat("no memory for ", what), base::human_bytes(static_cast<double>(bytes)), "",
                                        "a smaller context or smaller weights (--dtype)"});
  }
  if (size_ >= (uint64_t{1} << 23)) madvise(memory, size_, MADV_HUGEPAGE);
  data_ = static_cast<std::byte*>(memory);
}

Pages::Pages(Pages&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Pages::~Pages() {
  if (data_) munmap(data_, size_);
}

std::byte* WeightStore::own(uint64_t bytes) { return owned_.emplace_back(bytes, "weights").data(); }

uint64_t WeightStore::owned_bytes() const {
  uint64_t sum = 0;
  for (const Pages& pages : owned_) sum += pages.size();
  return sum;
}

WeightMatrix WeightStore::table(const checkpoint::ArrayView& array, const std::string& name) {
  const int64_t rows = array.shape[0], columns = array.shape[1];
  if (array.blocks) {
    const WeightType type = kind_ == WeightKind::kF32 ? WeightType::kF32 : WeightType::kBF16;
    return decode(array, type, own(static_cast<uint64_t>(rows * columns) * element_size(type)));
  }
  std::optional<WeightType> type;
  if (array.dtype == base::DType::kF32) type = WeightType::kF32;
  if (array.dtype == base::DType::kF16) type = WeightType::kF16;
  if (array.dtype == base::DType::kBF16) type = WeightType::kBF16;
  if (!type) {
    const std::vector<float> values = checkpoint::to_f32(array, name);
    std::byte* copy = own(values.size() * 4);
    std::memcpy(copy, values.data(), values.size() * 4);
    return {WeightType::kF32, copy, rows, columns};
  }
  if (reinterpret_cast<uintptr_t>(array.bytes.data()) % element_size(*type) == 0) return {*type, array.bytes.data(), rows, columns};
  std::byte* aligned = own(array.bytes.size());
  std::memcpy(aligned, array.bytes.data(), array.bytes.size());
  return {*type, aligned, rows, columns};
}

/// Blocks -> rows of float32 or bfloat16.
WeightMatrix WeightStore::decode(const checkpoint::ArrayView& array, WeightType type, std::byte* out) {
  const checkpoint::BlockFormat& format = *array.blocks;
  const int64_t rows = array.shape[0], columns = array.shape[1], blocks = columns / format.values;
  base::parallel_for(rows, 1 + kRowGrain / columns, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(columns));
    for (int64_t r = begin; r < end; ++r) {
      float* to = type == WeightType::kF32 ? reinterpret_cast<float*>(out) + r * columns : row.data();
      format.decode(array.bytes.data() + r * blocks * format.bytes, blocks, to);
      if (type == WeightType::kBF16)
        std::transform(row.begin(), row.end(), reinterpret_cast<uint16_t*>(out) + r * columns, base::f32_to_bf16);
    }
  });
  return {type, out, rows, columns};
}

WeightMatrix WeightStore::matrix(const checkpoint::ArrayView& array, bool transposed, const std::string& name) {
  if (array.blocks && kind_ == WeightKind::kI8 && !transposed) {  // at once, without rounding to bfloat16 between
    Pages exact(static_cast<uint64_t>(array.count()) * 4, "weights");
    return as_kind(decode(array, WeightType::kF32, exact.data()));
  }
  const WeightMatrix stored = table(array, name);
  return as_kind(transposed ? transpose(stored) : stored);
}

WeightMatrix WeightStore::reordered(const checkpoint::ArrayView& array, std::span<const int64_t> rows, const std::string& name) {
  const WeightMatrix stored = table(array, name);
  const size_t bytes = static_cast<size_t>(stored.columns) * element_size(stored.type);
  std::byte* to = own(static_cast<uint64_t>(stored.rows) * bytes);
  for (size_t i = 0; i < rows.size(); ++i)
    std::memcpy(to + i * bytes, static_cast<const std::byte*>(stored.data) + static_cast<size_t>(rows[i]) * bytes, bytes);
  return as_kind({stored.type, to, stored.rows, stored.columns});
}

WeightMatrix WeightStore::as_kind(const WeightMatrix& stored) {
  switch (kind_) {
    case WeightKind::kF32:
      return stored.type == WeightType::kF32 ? stored : to_f32(stored);
    case WeightKind::kBF16:
      return stored.type == WeightType::kBF16 ? stored : to_bf16(stored);
    case WeightKind::kI8:
      return kernels::quantize_i8(stored, own(kernels::i8_bytes(stored.rows, stored.columns)));
    case WeightKind::kAsStored:
      break;
  }
  return stored;
}

WeightMatrix WeightStore::to_f32(const WeightMatrix& stored) {
  auto* out = reinterpret_cast<float*>(own(static_cast<uint64_t>(stored.rows * stored.columns) * 4));
  base::parallel_for(stored.rows, kRowGrain / stored.columns, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) kernels::weight_row(stored, r, out + r * stored.columns);
  });
  return {WeightType::kF32, out, stored.rows, stored.columns};
}

WeightMatrix WeightStore::to_bf16(const WeightMatrix& stored) {
  auto* out = reinterpret_cast<uint16_t*>(own(static_cast<uint64_t>(stored.rows * stored.columns) * 2));
  base::parallel_for(stored.rows, kRowGrain / stored.columns, [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(stored.columns));
    for (int64_t r = begin; r < end; ++r) {
      kernels::weight_row(stored, r, row.data());
      std::transform(row.begin(), row.end(), out + r * stored.columns, base::f32_to_bf16);
    }
  });
  return {WeightType::kBF16, out, stored.rows, stored.columns};
}

WeightMatrix WeightStore::transpose(const WeightMatrix& stored) {
  const int64_t in = stored.rows, out = stored.columns;
  const size_t element = element_size(stored.type);
  std::byte* to = own(static_cast<uint64_t>(in * out) * element);
  base::parallel_for(out, kRowGrain / in, [&](int64_t begin, int64_t end) {
    if (element == 4)
      transpose_rows(static_cast<const uint32_t*>(stored.data), in, out, reinterpret_cast<uint32_t*>(to), begin, end);
    else
      transpose_rows(static_cast<const uint16_t*>(stored.data), in, out, reinterpret_cast<uint16_t*>(to), begin, end);
  });
  return {stored.type, to, out, in};
}

}  // namespace athanor::engine
