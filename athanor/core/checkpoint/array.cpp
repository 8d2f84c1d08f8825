#include "athanor/core/checkpoint/array.h"

#include <cstring>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/half.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/checkpoint/block_format.h"

namespace athanor::checkpoint {
namespace {

// Arrays may begin anywhere in a file, so elements are copied out rather than dereferenced.
template <typename T, typename Convert>
std::vector<float> converted(const ArrayView& array, Convert convert) {
  std::vector<float> out(array.bytes.size() / sizeof(T));
  for (size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = convert(value);
  }
  return out;
}

std::vector<float> decoded(const ArrayView& array) {
  const BlockFormat& format = *array.blocks;
  constexpr int64_t kGrain = 1 << 16;  // numbers that one thread decodes at least
  std::vector<float> out(static_cast<size_t>(array.count()));
  base::parallel_for(array.count() / format.values, kGrain / format.values, [&](int64_t begin, int64_t end) {
    format.decode(array.bytes.data() + begin * format.bytes, end - begin, out.data() + begin * format.values);
  });
  return out;
}

}  // namespace

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += base::cat(i ? ", " : "", shape[i]);
  return text + "]";
}

std::vector<float> to_f32(const ArrayView& array, const std::string& name) {
  if (array.blocks) return decoded(array);
  switch (array.dtype) {
    case base::DType::kF32:
      return converted<float>(array, [](float x) { return x; });
    case base::DType::kF64:
      return converted<double>(array, [](double x) { return static_cast<float>(x); });
    case base::DType::kF16:
      return converted<uint16_t>(array, base::f16_to_f32);
    case base::DType::kBF16:
      return converted<uint16_t>(array, base::bf16_to_f32);
    default:
      base::file_error("checkpoint.array", {base::cat("array \"", name, "\" has no floating-point values"),
                                            std::string(base::dtype_name(array.dtype)), "F32, F16, BF16 or F64"});
  }
}

}  // namespace athanor::checkpoint
