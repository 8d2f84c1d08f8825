// Rows of a word embedding, with gradients that add up in f32. ATen's backward pass on a CPU adds the rows of a repeated id in the
// weight's own type: under bf16 a token that occurs a thousand times in a batch loses most of its gradient. Here positions are
// sorted by id (counting sort), and each id's rows are summed once, in f32, in the order of positions: the result does not depend
// on threads.
//
// Checked against at::embedding's gradient in f32, and against f32 sums under bf16.

#include <ATen/ops/embedding.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <numeric>
#include <vector>

#include "athanor/core/base/threads.h"
#include "athanor/learn/nn/functions.h"

namespace athanor::nn {
namespace {

/// Positions of each id: those of id v are order[first[v]] .. order[first[v + 1] - 1].
struct Occurrences {
  std::vector<int64_t> first, order;
  Occurrences(const int64_t* ids, int64_t count, int64_t vocab)
      : first(static_cast<size_t>(vocab) + 1), order(static_cast<size_t>(count)) {
    for (int64_t i = 0; i < count; ++i) ++first[ids[i] + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<int64_t> next(first.begin(), first.end() - 1);
    for (int64_t i = 0; i < count; ++i) order[next[ids[i]]++] = i;
  }
};

template <typename T>
void sum_rows(const Occurrences& occurrences, const T* gradient, int64_t vocab, int64_t channels, T* out) {
  base::parallel_dynamic(vocab, 256, [&](int64_t begin, int64_t end) {
    std::vector<float> sum(static_cast<size_t>(channels));
    for (int64_t id = begin; id < end; ++id) {
      const int64_t from = occurrences.first[id], to = occurrences.first[id + 1];
      if (from == to) continue;
      std::fill(sum.begin(), sum.end(), 0.0f);
      for (int64_t n = from; n < to; ++n) {
        const T* row = gradient + occurrences.order[n] * channels;
        for (int64_t c = 0; c < channels; ++c) sum[c] += static_cast<float>(row[c]);
      }
      for (int64_t c = 0; c < channels; ++c) out[id * channels + c] = static_cast<T>(sum[c]);
    }
  });
}

at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& ids, int64_t vocab) {
  const at::ScalarType type = gradient.scalar_type();
  if (!gradient.device().is_cpu() || (type != at::kFloat && type != at::kBFloat16))
    return at::embedding_dense_backward(gradient, ids, vocab, -1, false);
  const int64_t channels = gradient.size(-1);
  at::Tensor rows = gradient.contiguous(), flat = ids.to(at::kLong).contiguous();
  at::Tensor out = at::zeros({vocab, channels}, gradient.options());
  const Occurrences occurrences(flat.const_data_ptr<int64_t>(), flat.numel(), vocab);
  if (type == at::kFloat)
    sum_rows(occurrences, rows.const_data_ptr<float>(), vocab, channels, out.data_ptr<float>());
  else
    sum_rows(occurrences, rows.const_data_ptr<at::BFloat16>(), vocab, channels, out.data_ptr<at::BFloat16>());
  return out;
}

class EmbeddingFunction : public torch::autograd::Function<EmbeddingFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight, const at::Tensor& ids) {
    context->save_for_backward({ids});
    context->saved_data["vocab"] = weight.size(0);
    return at::embedding(weight, ids);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    return {weight_gradient(gradients[0], context->get_saved_variables()[0], context->saved_data["vocab"].toInt()), at::Tensor()};
  }
};

}  // namespace

at::Tensor embedding(const at::Tensor& weight, const at::Tensor& ids) { return EmbeddingFunction::apply(weight, ids); }

}  // namespace athanor::nn
