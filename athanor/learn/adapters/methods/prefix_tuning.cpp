// Prefix tuning (Li and Liang 2021), which P-tuning v2 (Liu et al. 2022) is without the network: every layer sees n learned keys
// and values before a sample's own. They are learned as they are, P [n, 2 L G D], or (`projection`) come out of a network that is
// dropped when training ends: E [n, G D], [G D -> h] tanh [h -> 2 L G D]. Keys are not rotated; samples' positions begin at n, as
// with PEFT's cache. Works with grouped heads. Checked against PEFT's PrefixEncoder: logits, loss, every gradient.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <nlohmann/json.hpp>

#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/random_values.h"
#include "athanor/learn/adapters/soft_tokens.h"
#include "athanor/learn/nn/layers.h"

namespace athanor::adapters {
namespace {

/// Children as PEFT names them: embedding, transform.0, transform.2.
class Projected : public SoftTokens {
 public:
  Projected(const AdapterContext& context, int64_t width, int64_t hidden, int64_t heads, int64_t head_dim)
      : SoftTokens(context.options.virtual_tokens, heads, head_dim) {
    auto rows = std::make_unique<nn::Group>();
    rows->add_parameter("weight",
                        learning(context.decoder, normal_values({count(), width}, 1, context.seed, "prompt_encoder.embedding")));
    add_child("embedding", std::move(rows));
    auto transform = std::make_unique<nn::Group>();
    const int64_t out = 2 * context.decoder.model().spec.layers * width;
    std::vector<at::Tensor> first = linear_values(context, "prompt_encoder.transform.0", hidden, width),
                            second = linear_values(context, "prompt_encoder.transform.2", out, hidden);
    transform->add_child("0", std::make_unique<nn::Linear>(first[0], first[1]));
    transform->add_child("2", std::make_unique<nn::Linear>(second[0], second[1]));
    add_child("transform", std::move(transform));
  }
  at::Tensor encode() override {
    nn::Module& transform = *child("transform");
    const at::Tensor inner = at::tanh(nn::layer_at(transform, "0").forward(child("embedding")->parameter("weight")));
    return nn::layer_at(transform, "2").forward(inner);
  }
};

}  // namespace

std::unique_ptr<Adapter> attach_prefix_tuning(const AdapterContext& context) {
  at::NoGradGuard no_grad;
  const AdapterOptions& o = context.options;
  const models::DecoderSpec& spec = context.decoder.model().spec;
  check_soft(context.decoder, o.virtual_tokens, true);
  const int64_t width = spec.kv_heads * spec.head_dim, hidden = o.encoder_hidden > 0 ? o.encoder_hidden : width;
  base::Json config = soft_config(context.decoder, "PREFIX_TUNING", o.virtual_tokens, width, spec.kv_heads);
  config["prefix_projection"] = o.projection;
  config["encoder_hidden_size"] = hidden;
  std::unique_ptr<SoftTokens> tokens;
  if (o.projection) {
    tokens = std::make_unique<Projected>(context, width, hidden, spec.kv_heads, spec.head_dim);
  } else {
    const std::vector<int64_t> shape = {o.virtual_tokens, 2 * spec.layers * width};
    const at::Tensor values = context.fresh ? normal_values(shape, 1, context.seed, kEncoderName) : at::zeros(shape);
    tokens = std::make_unique<PlainTokens>(learning(context.decoder, values), spec.kv_heads, spec.head_dim);
  }
  return std::make_unique<SoftAdapter>(context, std::move(tokens), std::move(config));
}

}  // namespace athanor::adapters
