#include "athanor/learn/adapters/soft_tokens.h"

#include <ATen/core/grad_mode.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/learn/adapters/random_values.h"

namespace athanor::adapters {

nn::KeyValue SoftTokens::key_values(int64_t layer) {
  if (heads_ == 0) return {};
  const at::Tensor all = made_.view({count_, -1, heads_, head_dim_});
  return {all.select(1, 2 * layer), all.select(1, 2 * layer + 1)};
}

PlainTokens::PlainTokens(at::Tensor values, int64_t heads, int64_t head_dim) : SoftTokens(values.size(0), heads, head_dim) {
  add_parameter("weight", std::move(values));
}

SoftAdapter::SoftAdapter(const AdapterContext& context, std::unique_ptr<SoftTokens> tokens, base::Json config)
    : decoder_(context.decoder), tokens_(*tokens), config_(std::make_shared<const base::Json>(std::move(config))) {
  decoder_.prepend(kEncoderName, std::move(tokens));
}

base::Json SoftAdapter::config() const { return *config_; }

/// The encoder is run with `learned` in its parameters' places.
std::vector<NamedTensor> SoftAdapter::arrays(const std::vector<NamedTensor>& learned) const {
  at::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> values(learned.begin(), learned.end()), kept;
  for (auto& [name, parameter] : tokens_.named_parameters()) {
    const auto found = values.find(base::cat(kEncoderName, ".", name));
    base::expect(found != values.end(), "adapters.soft", "every parameter of the encoder is learned");
    kept[name] = parameter->detach().clone();
    parameter->detach().copy_(found->second);
  }
  const at::Tensor made = tokens_.encode().detach().clone();
  for (auto& [name, parameter] : tokens_.named_parameters()) parameter->detach().copy_(kept[name]);
  return {{"prompt_embeddings", made}};
}

base::Json soft_config(const nn::Decoder& decoder, const char* type, int64_t count, int64_t token_dim, int64_t heads) {
  return {{"peft_type", type},
          {"task_type", "CAUSAL_LM"},
          {"inference_mode", true},
          {"num_virtual_tokens", count},
          {"token_dim", token_dim},
          {"num_attention_heads", heads},
          {"num_layers", decoder.model().spec.layers},
          {"num_transformer_submodules", 1}};
}

void check_soft(const nn::Decoder& decoder, int64_t count, bool key_values) {
  const models::DecoderSpec& spec = decoder.model().spec;
  if (spec.labels > 0)
    base::input_error("adapters.virtual_tokens", {"virtual tokens are not trained for classifiers", "", "method: lora or ia3"});
  if (spec.max_positions > 0 && count >= spec.max_positions)
    base::input_error("adapters.virtual_tokens",
                      {"more virtual tokens than the model has positions", base::cat(count),
                       base::cat("fewer than ", spec.max_positions), "a smaller adapter.virtual_tokens"});
  if (key_values && (spec.latent.kv_rank > 0 || spec.value_size() != spec.head_dim))
    base::input_error("adapters.virtual_tokens", {"latent attention has no keys and values of its own to learn",
                                                  decoder.model().family->name, "", "method: prompt-tuning or p-tuning"});
}

at::Tensor learning(const nn::Decoder& decoder, const at::Tensor& value) {
  const at::ScalarType type = decoder.options().dtype == at::kDouble ? at::kDouble : at::kFloat;
  return value.to(decoder.options().device, type).set_requires_grad(true);
}

std::vector<at::Tensor> linear_values(const AdapterContext& context, const std::string& name, int64_t out, int64_t in) {
  const double limit = 1 / std::sqrt(static_cast<double>(in));
  return {learning(context.decoder, uniform_values({out, in}, limit, context.seed, name + ".weight")),
          learning(context.decoder, uniform_values({out}, limit, context.seed, name + ".bias"))};
}

}  // namespace athanor::adapters
