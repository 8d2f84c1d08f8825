// Prompt tuning (Lester et al. 2021): `virtual_tokens` learned embeddings P [n, C] stand before every sample, and nothing else
// learns. They begin as the embeddings of random tokens, as normal numbers, or as those of a text, cut or repeated to n tokens.
// Checked against PEFT's PromptEmbedding: logits, loss, gradient.

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/philox.h"
#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/adapters/random_values.h"
#include "athanor/learn/adapters/soft_tokens.h"

namespace athanor::adapters {
namespace {

at::Tensor word_embeddings(const AdapterContext& context) {
  const std::string name = models::weight_name(context.decoder.model(), models::Slot::kTokenEmbedding);
  return context.decoder.find(name.substr(0, name.rfind('.')))->parameter("weight").detach();
}

std::vector<int32_t> first_ids(const AdapterContext& context) {
  const AdapterOptions& o = context.options;
  std::vector<int32_t> ids;
  if (o.prompt_init == "text") {
    base::expect(static_cast<bool>(context.tokenize), "adapters.prompt", "a tokenizer for init_text");
    ids = context.tokenize(o.init_text);
    if (ids.empty()) base::input_error("adapters.prompt", {"adapter.init_text has no tokens", o.init_text});
    for (size_t i = 0; ids.size() < static_cast<size_t>(o.virtual_tokens); ++i) ids.push_back(ids[i]);
    ids.resize(static_cast<size_t>(o.virtual_tokens));
    return ids;
  }
  base::Philox random(base::hash64(kEncoderName, context.seed), 0, base::Purpose::kInit);
  const auto vocab = static_cast<uint64_t>(context.decoder.model().spec.vocab);
  for (int64_t i = 0; i < o.virtual_tokens; ++i) ids.push_back(static_cast<int32_t>(random.below(vocab)));
  return ids;
}

at::Tensor first_rows(const AdapterContext& context) {
  const int64_t count = context.options.virtual_tokens, width = context.decoder.model().spec.hidden;
  if (!context.fresh) return at::zeros({count, width});
  if (context.options.prompt_init == "random") return normal_values({count, width}, 1, context.seed, kEncoderName);
  const std::vector<int32_t> ids = first_ids(context);
  at::Tensor index = at::empty({count}, at::kLong);
  std::copy(ids.begin(), ids.end(), index.data_ptr<int64_t>());
  const at::Tensor words = word_embeddings(context);
  return words.index_select(0, index.to(words.device())).to(at::kFloat) * context.decoder.model().spec.embedding_scale;
}

}  // namespace

std::unique_ptr<Adapter> attach_prompt_tuning(const AdapterContext& context) {
  at::NoGradGuard no_grad;
  const models::DecoderSpec& spec = context.decoder.model().spec;
  check_soft(context.decoder, context.options.virtual_tokens, false);
  base::Json config = soft_config(context.decoder, "PROMPT_TUNING", context.options.virtual_tokens, spec.hidden, spec.heads);
  config["prompt_tuning_init"] = "RANDOM";  // of what is learned nothing is left of it
  return std::make_unique<SoftAdapter>(context, std::make_unique<PlainTokens>(learning(context.decoder, first_rows(context)), 0, 0),
                                       std::move(config));
}

}  // namespace athanor::adapters
