#include "athanor/learn/nn/recompute.h"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace athanor::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Part = std::function<at::Tensor(const at::Tensor& x)>;

struct HeldPart : torch::CustomClassHolder {
  explicit HeldPart(Part given) : part(std::move(given)) {}
  Part part;
};

/// `anchor` wants a gradient where x does not (behind a frozen embedding): without it nothing would be sent back through here.
class Recomputed : public torch::autograd::Function<Recomputed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& /*anchor*/, const Part& part) {
    context->save_for_backward({x});
    context->saved_data["part"] = c10::IValue::make_capsule(c10::make_intrusive<HeldPart>(part));
    context->saved_data["wanted"] = x.requires_grad();
    return part(x);
  }

  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const bool wanted = context->saved_data["wanted"].toBool();
    const auto held = context->saved_data["part"].toCapsule();
    at::AutoGradMode gradients(true);
    const at::Tensor x = context->get_saved_variables()[0].detach().set_requires_grad(wanted);
    const at::Tensor y = static_cast<HeldPart*>(held.get())->part(x);
    if (y.requires_grad()) y.backward(incoming[0]);
    return {wanted ? x.grad() : at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor recomputed(const at::Tensor& x, Part part) {
  if (!at::GradMode::is_enabled()) return part(x);
  const at::Tensor anchor = at::zeros({1}, x.options()).set_requires_grad(true);
  return Recomputed::apply(x, anchor, part);
}

}  // namespace athanor::nn
