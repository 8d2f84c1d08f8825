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

/// The places of a decoder where a weight goes. kAttn* and kFfn* exist once per layer.
enum class Slot {
  kTokenEmbedding,
  kPositionEmbedding,
  kFinalNorm,
  kFinalNormBias,
  kHead,
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
  kAttnOut,
  kAttnOutBias,
  kFfnNorm,
  kFfnNormBias,
  kGate,
  kGateBias,
  kUp,
  kUpBias,
  kDown,
  kDownBias,
};

/// One row of a family's table: where the weight of a slot lies in its files. "{}" stands for the layer's number.
struct SlotName {
  Slot slot;
  const char* name;         // "model.layers.{}.self_attn.q_proj.weight": Hugging Face's name, kept on disk everywhere
  bool transposed = false;  // stored [in, out] (GPT-2's Conv1D) instead of [out, in]
};

struct Family : base::Entry {                     // name = model_type
  const char* architecture;                       // "LlamaForCausalLM", written to a new model's config.json
  const char* prefix;                             // "model." / "transformer.": files of the bare model lack it, and both are read
  DecoderSpec (*spec)(const base::Json& config);  // checks every range; file_error names the key
  std::vector<SlotName> (*slots)(const DecoderSpec& spec);
  /// config.json of a new model: the user's keys over the family's defaults, in transformers' words.
  base::Json (*new_config)(const base::Json& keys);
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

/// The full name of a slot in layer `layer` (-1 for slots outside the layers); "" where the model has no such weight.
std::string weight_name(const DecoderModel& model, Slot slot, int64_t layer = -1);

/// Shape that the slot's weight must have as stored (transposed applied).
std::vector<int64_t> weight_shape(const DecoderModel& model, Slot slot);

/// Looks a weight up by slot: with or without the family's prefix; shape checked. nullptr where the model has no such slot,
/// or for kHead of a tied model. Throws file_error where a needed weight is missing or has another shape (got and expected).
const checkpoint::ArrayView* find_weight(const DecoderModel& model, const checkpoint::Checkpoint& weights, Slot slot,
                                         int64_t layer = -1);

/// Names in the checkpoint that no slot claims (buffers like rotary inv_freq are known and left out): reported, never silently
/// dropped.
std::vector<std::string> unclaimed_weights(const DecoderModel& model, const checkpoint::Checkpoint& weights);

/// Number of parameters of a spec (tied head counted once).
int64_t parameter_count(const DecoderModel& model);

}  // namespace athanor::models
