#pragma once
// Linear layers as adapters see them: a matrix [out, in] that does not learn, whatever it is kept as. Private to the room.

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <string_view>

#include "athanor/learn/adapters/nf4.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::adapters {

/// A linear layer whose weight is four bits per number, made wide again block of rows by block of rows in both passes. No gradient
/// reaches it. Parameter "bias" [out] where given. `swapped`: the file stores it [in, out].
class Nf4Linear : public nn::Layer {
 public:
  Nf4Linear(Nf4Matrix weight, at::Tensor bias, bool swapped = false);
  at::Tensor forward(const at::Tensor& x) override;
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

}  // namespace athanor::adapters
