#include "athanor/learn/nn/arrays.h"

#include <ATen/ops/from_blob.h>

#include <utility>

#include "athanor/core/base/error.h"

namespace athanor::nn {
namespace {

constexpr std::pair<base::DType, at::ScalarType> kTwins[] = {
    {base::DType::kF64, at::kDouble},
    {base::DType::kF32, at::kFloat},
    {base::DType::kF16, at::kHalf},
    {base::DType::kBF16, at::kBFloat16},
    {base::DType::kF8E4M3, at::kFloat8_e4m3fn},
    {base::DType::kF8E5M2, at::kFloat8_e5m2},
    {base::DType::kI64, at::kLong},
    {base::DType::kI32, at::kInt},
    {base::DType::kI16, at::kShort},
    {base::DType::kI8, at::kChar},
    {base::DType::kU8, at::kByte},
    {base::DType::kBool, at::kBool},
};

}  // namespace

at::ScalarType scalar_type_of(base::DType dtype) {
  for (const auto& [ours, theirs] : kTwins)
    if (ours == dtype) return theirs;
  base::input_error("nn.arrays", {"no tensor type for this array type", std::string(base::dtype_name(dtype))});
}

base::DType dtype_of(at::ScalarType type) {
  for (const auto& [ours, theirs] : kTwins)
    if (theirs == type) return ours;
  base::input_error("nn.arrays", {"no array type for this tensor type", c10::toString(type)});
}

at::Tensor tensor_over(const checkpoint::ArrayView& array) {
  auto* bytes = const_cast<std::byte*>(array.bytes.data());  // from_blob has no const form
  return at::from_blob(bytes, array.shape, at::TensorOptions().dtype(scalar_type_of(array.dtype)));
}

checkpoint::ArrayView array_over(const at::Tensor& tensor) {
  base::expect(tensor.device().is_cpu() && tensor.is_contiguous(), "nn.arrays", "only a contiguous CPU tensor is an array");
  return {dtype_of(tensor.scalar_type()),
          tensor.sizes().vec(),
          {static_cast<const std::byte*>(tensor.const_data_ptr()), static_cast<size_t>(tensor.nbytes())}};
}

}  // namespace athanor::nn
