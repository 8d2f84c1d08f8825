#pragma once
// A family is a table: config.json -> DecoderSpec, and weight names -> slots. One file per family in families/, one row each in
// catalog.cpp.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/json.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/models/decoder_spec.h"

namespace athanor::models {

/// The places of a decoder where a weight goes. Names with "{}" exist once per layer, with "{e}" once per expert of a layer, or per
/// cluster of the head.
enum class Slot {
  kTokenEmbedding,
  kPositionEmbedding,
  kEmbeddingNorm,
  kEmbeddingNormBias,
  kFinalNorm,
  kFinalNormBias,
  kHead,
  kScore,         // of a classifier, in the head's place
  kAdaptiveHead,  // of adaptive softmax, in the head's place
  kTailDown,      // once for each of its clusters
  kTailUp,
  kAttnNorm,
  kAttnNormBias,
  kQ,
  kQBias,
  kK,
  kKBias,
  kV,
  kVBias,
  kQkv,
  kQkvBias,
  kQNorm,
  kKNorm,
  kAttnOut,
  kAttnOutBias,
  kAttnPostNorm,  // of attention's output, before it is added
  kFfnNorm,
  kFfnNormBias,
  kGate,
  kGateBias,
  kUp,
  kUpBias,
  kGateUp,
  kDown,
  kDownBias,
  kFfnPostNorm,  // of the feed-forward's output, before it is added
  kRouter,
  kRouterCorrection,
  kExpertGate,
  kExpertUp,
  kExpertDown,
  kSharedGate,
  kSharedUp,
  kSharedDown,
  kQDown,  // latent attention: hidden -> q_rank
  kQDownNorm,
  kQUp,     // q_rank -> queries
  kKvDown,  // hidden -> kv_rank and the rotating part of the key
  kKvDownNorm,
  kKvUp,  // kv_rank -> for each head its plain key and its value
};

/// Which layers have a weight.
enum class SlotLayers { kAll, kDense, kExperts };

/// One row of a family's table: where the weight of a slot lies in its files. "{}" stands for the layer's number, "{e}" for the
/// expert's (or, where norms of queries and keys differ by head, the head's).
struct SlotName {
  Slot slot;
  const char* name;         // "model.layers.{}.self_attn.q_proj.weight": Hugging Face's name, kept on disk everywhere
  bool transposed = false;  // stored [in, out] (GPT-2's Conv1D) instead of [out, in]
  SlotLayers layers = SlotLayers::kAll;
};

class ConfigReader;

struct Family : base::Entry {                       // name = model_type
  const char* architecture;                         // "LlamaForCausalLM", written to a new model's config.json
  const char* prefix;                               // "model." / "transformer.": files of the bare model lack it, and both are read
  DecoderSpec (*read)(const ConfigReader& reader);  // checks every range; the error names the key
  std::vector<SlotName> (*slots)(const DecoderSpec& spec);
  base::Json (*defaults)();          // every key of a new model's config.json with its default; null: none
  std::vector<const char*> buffers;  // endings of stored names that are computed, not learned (rotary inv_freq, masks)
};

std::span<const Family> families();
/// By config's model_type; an unknown one is an input_error that lists the known and the nearest.
const Family& family_of(const base::Json& config);

/// A decoder as a file describes it: spec plus the names of its weights.
struct DecoderModel {
  const Family* family;
  DecoderSpec spec;
  std::vector<SlotName> slots;
};
DecoderModel decoder_from_config(const base::Json& config);

/// config.json of a new model: the user's keys over the family's defaults, in transformers' words. Every mistake is an input_error.
base::Json new_config(const base::Json& keys);

/// How many weights of a row with "{e}" a layer has; 0 for another row.
int64_t numbered_weights(const DecoderSpec& spec, const SlotName& row);

/// One weight of a model: the slot's row, and which layer and expert (or head) it belongs to (-1: none).
struct WeightPlace {
  const SlotName* row;
  int64_t layer = -1, expert = -1;
};
/// Every weight that the model has, in the order of its table.
std::vector<WeightPlace> weight_places(const DecoderModel& model);
std::string weight_name(const WeightPlace& place);

/// The full name of a slot in layer `layer` (-1 for slots outside the layers); "" where the model has no such weight.
std::string weight_name(const DecoderModel& model, Slot slot, int64_t layer = -1, int64_t expert = -1);

/// Shape that the slot's weight must have as stored (transposed applied).
std::vector<int64_t> weight_shape(const DecoderModel& model, Slot slot, int64_t expert = -1);

/// Looks a weight up by slot: with or without the family's prefix; shape checked. nullptr where the model has no such slot,
/// or for kHead of a tied model. Throws file_error where a needed weight is missing or has another shape (got and expected).
const checkpoint::ArrayView* find_weight(const DecoderModel& model, const checkpoint::Checkpoint& weights, Slot slot,
                                         int64_t layer = -1, int64_t expert = -1);

/// Names in the checkpoint that no slot claims (buffers like rotary inv_freq are known and left out): reported, never silently
/// dropped.
std::vector<std::string> unclaimed_weights(const DecoderModel& model, const checkpoint::Checkpoint& weights);

/// Number of parameters of a spec (tied head counted once).
int64_t parameter_count(const DecoderModel& model);

/// The ways to stretch rotary positions over longer texts: the shelf rope_scalings/.
std::span<const base::Entry> rope_scaling_entries();

}  // namespace athanor::models
