#include "athanor/learn/nn/products.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <type_traits>

#include "athanor/core/kernels/gemm.h"
#include "athanor/core/kernels/isa.h"
#include "athanor/learn/nn/fused/pointers.h"

namespace athanor::nn {
namespace {

using fused::input;
using fused::output;

/// x itself, or a dense copy where neither its rows nor its columns are neighbours.
at::Tensor viewable(const at::Tensor& x) { return x.stride(0) == 1 || x.stride(1) == 1 ? x : x.contiguous(); }

template <typename T>
kernels::MatrixView<T> view(const at::Tensor& x) {  // a matrix of one column may have any column stride
  return {input<T>(x), x.stride(0), x.stride(0) == 1 || x.size(1) > 1 ? x.stride(1) : 1};
}

constexpr int64_t kNarrowRows = 512;  // of f32 sums at a time, where the result is narrower

template <typename T>
void multiply_as(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, bool add) {
  const auto rows = [&](const at::Tensor& left, const at::Tensor& sums, bool onto) {
    kernels::gemm<T>({left.size(0), b.size(1), left.size(1), view<T>(left), view<T>(b), output<float>(sums), sums.stride(0),
                      input<float>(bias), onto});
  };
  if (std::is_same_v<T, float>) return rows(a, out, add);
  const at::Tensor memory = fused::empty_f32({std::min(kNarrowRows, out.size(0)), out.size(1)});
  for (int64_t first = 0; first < out.size(0); first += kNarrowRows) {
    const int64_t count = std::min(kNarrowRows, out.size(0) - first);
    const at::Tensor sums = memory.narrow(0, 0, count), part = out.narrow(0, first, count);
    rows(a.narrow(0, first, count), sums, false);
    add ? part.add_(sums) : part.copy_(sums);  // rounded once, when the sums are whole
  }
}

void multiply(const at::Tensor& out, const at::Tensor& left, const at::Tensor& right, const at::Tensor& bias, bool add) {
  const at::Tensor a = viewable(left), b = viewable(right);
  base::expect(a.size(1) == b.size(0) && out.size(0) == a.size(0) && out.size(1) == b.size(1) && out.stride(1) == 1, "nn.product",
               "shapes of a product do not fit");
  fused::by_type(a, [&]<typename T>() { multiply_as<T>(out, a, b, fused::f32(bias), add); });
}

}  // namespace

bool gemm_applies(const at::Tensor& x) {
  if (!x.device().is_cpu()) return false;
  const kernels::IsaLevel level = kernels::isa_level();
  return x.scalar_type() == at::kFloat      ? level > kernels::IsaLevel::kScalar
         : x.scalar_type() == at::kBFloat16 ? level > kernels::IsaLevel::kScalar && level < kernels::IsaLevel::kVnni
                                            : false;
}

at::Tensor product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  product_into(out, a, b, bias);
  return out;
}

void product_into(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias) {
  if (gemm_applies(a)) return multiply(out, a, b, bias, false);
  at::Tensor to = out;
  bias.defined() ? at::addmm_out(to, bias, a, b) : at::mm_out(to, a, b);
}

void add_product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b) {
  if (gemm_applies(a)) return multiply(out, a, b, {}, true);
  at::Tensor to = out;
  to.addmm_(a, b);
}

}  // namespace athanor::nn
