#pragma once
// An adapter in a model. A method is a function on a built model: it finds layers by name and swaps them (nn::Module::replace), or
// puts virtual tokens before every sample; from then on only what it added requires gradients. Training knows this interface alone.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/learn/adapters/options.h"
#include "athanor/learn/nn/decoder.h"

namespace athanor::adapters {

using NamedTensor = std::pair<std::string, at::Tensor>;

class Adapter {
 public:
  virtual ~Adapter() = default;
  /// adapter_config.json in PEFT's words, without base_model_name_or_path.
  virtual base::Json config() const = 0;
  /// What adapter_model.safetensors holds, made from values of the learned parameters (f32, under their names in the model).
  virtual std::vector<NamedTensor> arrays(const std::vector<NamedTensor>& learned) const = 0;
  /// What a resumed run needs besides the learned parameters, filled in place; then restored().
  virtual std::vector<NamedTensor> state() const { return {}; }
  virtual void restored() {}
  /// Factor on the learning rate of a parameter (LoRA+).
  virtual double lr_factor(const std::string&) const { return 1; }
};

struct AdapterContext {
  nn::Decoder& decoder;
  const AdapterOptions& options;
  uint64_t seed = 0;
  bool fresh = true;  // false: first values are left at zero, and come from a file
  /// Text to token ids, for first values; may be empty.
  std::function<std::vector<int32_t>(const std::string& text)> tokenize = {};
  /// The model's files, where its decoder was built without memory (quantize: nf4): parameters are read as they get their place.
  const checkpoint::Checkpoint* weights = nullptr;
};

/// Freezes the model, quantizes what the options say, and adds the method's parts. First values are a function of (seed, name).
/// input_error where a target matches nothing or is no matrix, or the rank is larger than a target.
std::unique_ptr<Adapter> attach_adapter(const AdapterContext& context);

/// Puts a PEFT folder's adapter into a model. input_error for a kind that is not read, file_error where a key is missing, extra or
/// has another shape than this model needs.
std::unique_ptr<Adapter> load_adapter(nn::Decoder& decoder, const std::filesystem::path& folder);

/// Writes adapter_config.json and adapter_model.safetensors into an existing folder.
void write_adapter(const std::filesystem::path& folder, const Adapter& adapter, const std::vector<NamedTensor>& learned,
                   at::ScalarType type, const std::string& base_model);

}  // namespace athanor::adapters
