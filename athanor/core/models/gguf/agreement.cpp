// GGUF has no key for much of what a family fixes: its activation, which layers turn, how experts' weights are summed. A reader
// takes its own value for all of that, so the one sure test is to read.

#include "athanor/core/models/gguf/agreement.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/models/gguf/config.h"

namespace athanor::models {
namespace {

using Spec = const DecoderSpec&;

bool close(double a, double b) { return std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b)); }

double score_scale(Spec s) { return s.attention_scale ? s.attention_scale : 1 / std::sqrt(static_cast<double>(s.head_dim)); }

struct Fact {
  const char* name;
  double (*of)(Spec);
};
template <auto Member>
double number(Spec spec) {
  return static_cast<double>(spec.*Member);
}
template <auto Part, auto Member>
double number(Spec spec) {
  return static_cast<double>(spec.*Part.*Member);
}
using S = DecoderSpec;
using E = ExpertsSpec;
using L = LatentSpec;

constexpr Fact kFacts[] = {
    {"its vocabulary", number<&S::vocab>},
    {"its width", number<&S::hidden>},
    {"its layers", number<&S::layers>},
    {"its heads", number<&S::heads>},
    {"its key heads", number<&S::kv_heads>},
    {"its head size", number<&S::head_dim>},
    {"its value size", [](Spec s) { return static_cast<double>(s.value_size()); }},
    {"its feed-forward width", [](Spec s) { return s.experts.count && s.layer(0).experts ? 0 : static_cast<double>(s.ffn); }},
    {"its number of positions", number<&S::max_positions>},
    {"its norm", [](Spec s) { return static_cast<double>(s.norm); }},
    {"its norm's epsilon", number<&S::norm_eps>},
    {"its norms of queries and keys", [](Spec s) { return static_cast<double>(s.qk_norm); }},
    {"its positions", [](Spec s) { return static_cast<double>(s.position); }},
    {"its activation", [](Spec s) { return static_cast<double>(s.activation); }},
    {"its gate", number<&S::gated>},
    {"its parallel residual", number<&S::parallel_residual>},
    {"its shared norm", number<&S::shared_norm>},
    {"its tied head", number<&S::tied_head>},
    {"its biases of q, k and v", number<&S::qkv_bias>},
    {"its biases of attention's output", number<&S::out_bias>},
    {"its biases of the feed-forward", number<&S::ffn_bias>},
    {"the scale of its scores", score_scale},
    {"the cap of its scores", number<&S::attention_cap>},
    {"the scale of its ALiBi", number<&S::alibi_scale>},
    {"the scale of its embedding", number<&S::embedding_scale>},
    {"the scale of its residuals", number<&S::residual_scale>},
    {"the scale of its logits", number<&S::logit_scale>},
    {"the cap of its logits", number<&S::logit_cap>},
    {"its experts", number<&S::experts, &E::count>},
    {"its chosen experts", number<&S::experts, &E::chosen>},
    {"its experts' width", number<&S::experts, &E::ffn>},
    {"its shared experts", number<&S::experts, &E::shared_ffn>},
    {"its router's sigmoid", number<&S::experts, &E::sigmoid>},
    {"its router's correction", number<&S::experts, &E::correction>},
    {"its experts' normalized weights", number<&S::experts, &E::normalized>},
    {"its experts' scale", number<&S::experts, &E::scale>},
    {"its groups of experts", number<&S::experts, &E::groups>},
    {"its chosen groups of experts", number<&S::experts, &E::chosen_groups>},
    {"the score of its groups of experts", number<&S::experts, &E::group_best>},
    {"its latent rank", number<&S::latent, &L::kv_rank>},
    {"its queries' rank", number<&S::latent, &L::q_rank>},
    {"its plain part of keys", number<&S::latent, &L::plain_dim>},
    {"its turning part of keys", number<&S::latent, &L::rope_dim>},
};

/// By the angles that both give at lengths on either side of what they were trained for.
bool same_rope(const RopeSpec& a, const RopeSpec& b, int64_t positions) {
  if (a.dims != b.dims || (a.dims > 0 && a.interleaved != b.interleaved)) return false;
  for (int64_t length : {int64_t{1}, a.original_max_positions, a.original_max_positions + 1, positions}) {
    const RopeFrequencies x = rope_frequencies(a, positions, length), y = rope_frequencies(b, positions, length);
    if (!close(x.attention_factor, y.attention_factor)) return false;
    for (size_t i = 0; i < x.inverse.size(); ++i)
      if (std::abs(x.inverse[i] - y.inverse[i]) > 1e-5f * std::abs(x.inverse[i])) return false;
  }
  return true;
}

void compare_layers(Spec a, Spec b, std::vector<std::string>& differences) {
  bool windows = true, turns = true, experts = true, local = false;
  for (int64_t i = 0; i < std::min(a.layers, b.layers); ++i) {
    windows &= a.layer(i).window == b.layer(i).window;
    turns &= a.layer(i).rope == b.layer(i).rope;
    experts &= a.layer(i).experts == b.layer(i).experts;
    local |= a.layer(i).rope == LayerRope::kLocal;
  }
  if (!windows) differences.emplace_back("its windows");
  if (!experts) differences.emplace_back("which layers have experts");
  if (a.position != PositionKind::kRope || b.position != PositionKind::kRope) return;
  if (!turns) differences.emplace_back("which layers turn");
  if (!same_rope(a.rope, b.rope, a.max_positions)) differences.emplace_back("its rotary positions");
  if (local && !same_rope(a.local_rope, b.local_rope, a.max_positions)) differences.emplace_back("its local rotary positions");
}

}  // namespace

void check_agreement(const DecoderModel& model, const GgufArchitecture& architecture, const checkpoint::GgufWriter& writer) {
  const std::string keys = writer.keys();
  const checkpoint::GgufHeader header = checkpoint::parse_gguf(std::as_bytes(std::span(keys)), "the file to be written");
  const GgufContents contents = contents_of(writer, header.metadata);
  const DecoderSpec back = decoder_from_config(config_of_gguf(contents, architecture_of(contents))).spec;
  std::vector<std::string> differences;
  for (const Fact& fact : kFacts)
    if (!close(fact.of(model.spec), fact.of(back))) differences.emplace_back(fact.name);
  compare_layers(model.spec, back, differences);
  if (differences.empty()) return;
  std::string list;
  for (const std::string& name : differences) list += base::cat(list.empty() ? "" : ", ", name);
  base::input_error("models.gguf", {base::cat("GGUF cannot hold this model: llama.cpp takes other values for granted in ",
                                              architecture.name, ", and has no key for them"),
                                    list, base::cat("a ", model.family->name, " of the usual form")});
}

}  // namespace athanor::models
