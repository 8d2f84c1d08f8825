#pragma once
// Linear layers as adapters see them: a matrix [out, in] that does not learn, whatever it is kept as. Private to the room.

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "athanor/learn/adapters/nf4.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::adapters {

/// Numbers of a four-bit matrix that are wide at a time.
inline constexpr int64_t kWideNumbers = int64_t{1} << 22;

/// A linear layer whose weight is four bits per number, made wide again block of rows by block of rows in both passes. No gradient
/// reaches it. Parameter "bias" [out] where given. `swapped`: the file stores it [in, out].
class Nf4Linear : public nn::Layer {
 public:
  Nf4Linear(Nf4Matrix weight, at::Tensor bias, bool swapped = false);
  at::Tensor forward(const at::Tensor& x) override;
  at::Tensor product(const at::Tensor& x) const;  // without the bias
  const Nf4Matrix& weight() const { return weight_; }
  bool swapped() const { return swapped_; }

 private:
  Nf4Matrix weight_;
  bool swapped_;
};

struct MatrixSize {
  int64_t out = 0, in = 0;
};
/// nullopt where the module is no linear layer.
std::optional<MatrixSize> matrix_size(nn::Module& module);
/// Whether the file stores it [in, out].
bool stored_swapped(nn::Module& module);
/// W [out, in]: the layer's own memory, or a wide copy of a quantized one.
at::Tensor dense_weight(nn::Module& module);
/// x W^T, without the layer's bias.
at::Tensor weight_product(nn::Module& module, const at::Tensor& x);
/// W block by block of its rows, [count, in]: the layer's own memory, or what the next block is made in.
void for_weight_rows(nn::Module& module, const std::function<void(int64_t first, const at::Tensor& rows)>& body);

}  // namespace athanor::adapters
