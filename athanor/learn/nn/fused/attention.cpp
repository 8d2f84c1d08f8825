// Causal attention on core/kernels/flash_attention: keeps q, k, v, the output and one number per query.

#include <torch/csrc/autograd/custom_function.h>

#include "athanor/core/kernels/flash_attention.h"
#include "athanor/learn/nn/fused/fused.h"
#include "athanor/learn/nn/fused/pointers.h"

namespace athanor::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename T>
kernels::HeadView<const T> view(const at::Tensor& x) {
  return {input<T>(x), x.stride(0), x.stride(1), x.stride(2)};
}
template <typename T>
kernels::HeadView<T> view_out(const at::Tensor& x) {
  return {output<T>(x), x.stride(0), x.stride(1), x.stride(2)};
}

at::Tensor with_dense_heads(const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

kernels::AttentionShape shape_of(const at::Tensor& q, const at::Tensor& k, double scale, const at::Tensor& row_start) {
  return {.batch = q.size(0),
          .length = q.size(1),
          .heads = q.size(2),
          .kv_heads = k.size(2),
          .head_dim = q.size(3),
          .scale = static_cast<float>(scale),
          .row_start = input<int32_t>(row_start)};
}

class Attention : public torch::autograd::Function<Attention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q_given, const at::Tensor& k_given,
                            const at::Tensor& v_given, const std::optional<at::Tensor>& row_start_given, double scale) {
    const at::Tensor q = with_dense_heads(q_given), k = with_dense_heads(k_given), v = with_dense_heads(v_given);
    const at::Tensor row_start = row_start_given ? row_start_given->contiguous() : at::Tensor();
    at::Tensor out = dense_like(q), lse = empty_f32({q.size(0), q.size(2), q.size(1)});
    by_type(q, [&]<typename T>() {
      kernels::flash_attention<T>(shape_of(q, k, scale, row_start), view<T>(q), view<T>(k), view<T>(v), view_out<T>(out),
                                  output<float>(lse));
    });
    context->save_for_backward({q, k, v, row_start, out, lse});
    context->saved_data["scale"] = scale;
    return out;
  }
  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], dout = with_dense_heads(incoming[0]);
    at::Tensor dq = dense_like(q), dk = dense_like(k), dv = dense_like(v);
    by_type(q, [&]<typename T>() {
      kernels::flash_attention_backward<T>(shape_of(q, k, context->saved_data["scale"].toDouble(), saved[3]),
                                           {.q = view<T>(q),
                                            .k = view<T>(k),
                                            .v = view<T>(v),
                                            .out = view<T>(saved[4]),
                                            .dout = view<T>(dout),
                                            .lse = input<float>(saved[5]),
                                            .dq = view_out<T>(dq),
                                            .dk = view_out<T>(dk),
                                            .dv = view_out<T>(dv)});
    });
    return {dq, dk, dv, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const AttentionArgs& args) {
  return Attention::apply(q, k, v, given(args.row_start), args.scale);
}

}  // namespace athanor::nn::fused
