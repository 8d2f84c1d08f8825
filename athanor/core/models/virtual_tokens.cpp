// PEFT's files of all three methods hold what their encoders made, as "prompt_embeddings": [n, C], or of prefixes [n, 2 L G D].
// Checked against PEFT's logits, executed by run/engine.

#include "athanor/core/models/virtual_tokens.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/core/models/adapter_config.h"

namespace athanor::models {
namespace {

constexpr const char *kVirtualWhere = "models.virtual_tokens", *kVirtualArray = "prompt_embeddings";

AdapterConfig config_in(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "adapter_config.json", ignored))
    base::input_error(kVirtualWhere,
                      {base::cat(folder.string(), ": no adapter here"), "no adapter_config.json", "a folder that PEFT saved"});
  return read_adapter_config(folder / "adapter_config.json");
}

bool is_virtual(AdapterKind kind) { return kind != AdapterKind::kLora && kind != AdapterKind::kIa3; }

}  // namespace

bool has_virtual_tokens(const std::filesystem::path& folder) { return is_virtual(config_in(folder).kind); }

VirtualTokens read_virtual_tokens(const DecoderModel& model, const std::filesystem::path& folder) {
  const AdapterConfig config = config_in(folder);
  const DecoderSpec& spec = model.spec;
  base::expect(is_virtual(config.kind), kVirtualWhere, "an adapter of virtual tokens");
  const bool prefix = config.kind == AdapterKind::kPrefixTuning;
  if (spec.max_positions > 0 && config.virtual_tokens >= spec.max_positions)
    base::input_error(kVirtualWhere, {base::cat(folder.string(), ": more virtual tokens than the model has positions"),
                                      base::cat(config.virtual_tokens), base::cat("fewer than ", spec.max_positions)});
  if (prefix && (spec.latent.kv_rank > 0 || spec.value_size() != spec.head_dim))
    base::input_error(kVirtualWhere, {"latent attention has no keys and values that a prefix could stand for", model.family->name,
                                      "", "PROMPT_TUNING or P_TUNING"});
  const std::filesystem::path path = folder / "adapter_model.safetensors";
  const auto file = checkpoint::Checkpoint::open(path);
  for (const checkpoint::NamedArray& array : file.arrays())
    if (array.name != kVirtualArray)
      base::file_error(kVirtualWhere, {base::cat(path.string(), ": the model has no place for a key"), array.name,
                                       base::cat(kVirtualArray, " alone")});
  const checkpoint::ArrayView& array = file.at(kVirtualArray);
  const std::vector<int64_t> shape = {config.virtual_tokens, prefix ? 2 * spec.layers * spec.kv_width() : spec.hidden};
  if (array.shape != shape)
    base::file_error(kVirtualWhere, {base::cat(path.string(), ": \"", kVirtualArray, "\" has another shape than this model needs"),
                                     checkpoint::shape_text(array.shape), checkpoint::shape_text(shape)});
  VirtualTokens tokens = {config.virtual_tokens, {}, {}};
  (prefix ? tokens.key_values : tokens.embeddings) = checkpoint::to_f32(array, kVirtualArray);
  return tokens;
}

}  // namespace athanor::models
