#include "athanor/learn/adapters/matrices.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "athanor/core/base/error.h"
#include "athanor/learn/nn/products.h"

namespace athanor::adapters {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename Body>
void for_row_blocks(int64_t rows, int64_t columns, const Body& body) {
  const int64_t most = std::max<int64_t>(1, kWideNumbers / columns);
  for (int64_t first = 0; first < rows; first += most) body(first, std::min(most, rows - first));
}

/// Rows made wide in memory that stays: blocks that came and went between tensors that a forward pass keeps would leave gaps of
/// their size in the heap.
at::Tensor wide_rows(const Nf4Matrix& m, int64_t first, int64_t count, at::ScalarType type) {
  if (type != at::kFloat && type != at::kBFloat16) return dequantize_rows(m, first, count, type);
  thread_local at::Tensor memory;
  const int64_t numbers = count * m.columns;
  if (!memory.defined() || memory.scalar_type() != type || memory.numel() < numbers) {
    memory.reset();
    memory = at::empty({numbers}, type);
  }
  at::Tensor rows = memory.narrow(0, 0, numbers).view({count, m.columns});
  dequantize_rows_into(m, first, rows);
  return rows;
}

/// x W^T; x [.., in].
at::Tensor product(const at::Tensor& x, const Nf4Matrix& m) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = m.rows;
  at::Tensor out = at::empty(shape, x.options());
  const at::Tensor in_rows = x.reshape({-1, m.columns}), out_rows = out.view({-1, m.rows});
  for_row_blocks(m.rows, m.columns, [&](int64_t first, int64_t count) {
    nn::product_into(out_rows.narrow(1, first, count), in_rows, wide_rows(m, first, count, x.scalar_type()).t());
  });
  return out;
}

/// Autograd takes no undefined tensors.
at::Tensor given(const at::Tensor& part) { return part.defined() ? part : at::empty({0}); }
at::Tensor part_of(const at::Tensor& given) { return given.numel() > 0 ? given : at::Tensor(); }

class Nf4Product : public torch::autograd::Function<Nf4Product> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& packed, const at::Tensor& scales,
                            const at::Tensor& codes, const at::Tensor& maxima, int64_t rows, int64_t columns, double mean) {
    context->save_for_backward({packed, scales, codes, maxima});
    context->saved_data["rows"] = rows;
    context->saved_data["columns"] = columns;
    context->saved_data["mean"] = mean;
    return product(x, {rows, columns, packed, part_of(scales), codes, maxima, mean});
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const Nf4Matrix m = {context->saved_data["rows"].toInt(),
                         context->saved_data["columns"].toInt(),
                         saved[0],
                         part_of(saved[1]),
                         saved[2],
                         saved[3],
                         context->saved_data["mean"].toDouble()};
    std::vector<int64_t> shape = incoming[0].sizes().vec();
    shape.back() = m.columns;
    const at::Tensor dy = incoming[0].reshape({-1, m.rows});
    at::Tensor dx = at::empty({dy.size(0), m.columns}, dy.options());
    for_row_blocks(m.rows, m.columns, [&](int64_t first, int64_t count) {
      const at::Tensor weight = wide_rows(m, first, count, dy.scalar_type());
      if (first == 0)
        nn::product_into(dx, dy.narrow(1, first, count), weight);
      else
        nn::add_product(dx, dy.narrow(1, first, count), weight);
    });
    return {dx.view(shape), {}, {}, {}, {}, {}, {}, {}};
  }
};

}  // namespace

Nf4Linear::Nf4Linear(Nf4Matrix weight, at::Tensor bias, bool swapped) : weight_(std::move(weight)), swapped_(swapped) {
  if (bias.defined()) add_parameter("bias", std::move(bias));
}

at::Tensor Nf4Linear::product(const at::Tensor& x) const {
  const Nf4Matrix& m = weight_;
  return Nf4Product::apply(x, m.packed, given(m.scales), given(m.scale_codes), given(m.scale_maxima), m.rows, m.columns,
                           m.scale_mean);
}

at::Tensor Nf4Linear::forward(const at::Tensor& x) {
  at::Tensor out = product(x);
  return has_parameter("bias") ? out.add(parameter("bias").to(out.scalar_type())) : out;
}

std::optional<MatrixSize> matrix_size(nn::Module& module) {
  if (auto* linear = dynamic_cast<nn::Linear*>(&module)) return MatrixSize{linear->out_features(), linear->in_features()};
  if (auto* small = dynamic_cast<Nf4Linear*>(&module)) return MatrixSize{small->weight().rows, small->weight().columns};
  return std::nullopt;
}

bool stored_swapped(nn::Module& module) {
  if (auto* small = dynamic_cast<Nf4Linear*>(&module)) return small->swapped();
  auto* linear = dynamic_cast<nn::Linear*>(&module);
  return linear && linear->transposed();
}

at::Tensor dense_weight(nn::Module& module) {
  if (auto* small = dynamic_cast<Nf4Linear*>(&module)) return dequantize_rows(small->weight(), 0, small->weight().rows, at::kFloat);
  auto* linear = dynamic_cast<nn::Linear*>(&module);
  base::expect(linear != nullptr, "adapters.matrices", "a linear layer");
  return linear->transposed() ? linear->parameter("weight").t() : linear->parameter("weight");
}

at::Tensor weight_product(nn::Module& module, const at::Tensor& x) {
  if (auto* small = dynamic_cast<Nf4Linear*>(&module)) return small->product(x);
  return nn::linear(x, dense_weight(module).to(x.scalar_type()));
}

void for_weight_rows(nn::Module& module, const std::function<void(int64_t first, const at::Tensor& rows)>& body) {
  auto* small = dynamic_cast<Nf4Linear*>(&module);
  const at::Tensor dense = small ? at::Tensor() : dense_weight(module);
  const MatrixSize size = *matrix_size(module);
  for_row_blocks(size.out, size.in, [&](int64_t first, int64_t count) {
    body(first, small ? wide_rows(small->weight(), first, count, at::kFloat) : dense.narrow(0, first, count));
  });
}

}  // namespace athanor::adapters
