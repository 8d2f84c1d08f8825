#include "athanor/core/models/gguf/windows.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/models/config_reader.h"

namespace athanor::models {
namespace {

bool slides(int64_t period, int64_t layer) { return period == 0 || layer % period < period - 1; }

/// Of each layer, as the list, the period in the file or the architecture's own says.
std::vector<bool> sliding_layers(const GgufContents& file, const GgufArchitecture& architecture, int64_t layers) {
  const std::string key = base::cat(architecture.name, ".attention.sliding_window_pattern");
  const checkpoint::GgufValue* value = file.metadata.find(key);
  std::vector<bool> out;
  if (value && value->is_array) {
    const size_t size = value->count ? value->numbers.size() / value->count : 0;
    const bool sound = !value->texts.size() && size > 0 && value->count == static_cast<uint64_t>(layers);
    if (!sound) file.metadata.refuse(key, base::cat(value->count, " values"), base::cat(layers, ", one for each layer"));
    for (size_t i = 0; i < value->numbers.size(); i += size)
      out.push_back(std::any_of(value->numbers.begin() + static_cast<ptrdiff_t>(i),
                                value->numbers.begin() + static_cast<ptrdiff_t>(i + size),
                                [](std::byte b) { return b != std::byte{0}; }));
    return out;
  }
  const int64_t period = file.metadata.integer(key).value_or(architecture.window_period);
  if (period < 0) file.metadata.refuse(key, base::cat(period), "a number of layers");
  for (int64_t i = 0; i < layers; ++i) out.push_back(slides(period, i));
  return out;
}

}  // namespace

void read_windows(const GgufContents& file, const GgufArchitecture& architecture, base::Json& config) {
  const int64_t window = file.metadata.integer(base::cat(architecture.name, ".attention.sliding_window")).value_or(0);
  const auto layers = config["num_hidden_layers"].is_number() ? config["num_hidden_layers"].get<int64_t>() : 0;
  if (window <= 0 || layers < 1 || layers > kMostLayers) return;
  const std::vector<bool> sliding = sliding_layers(file, architecture, layers);
  if (std::none_of(sliding.begin(), sliding.end(), [](bool s) { return s; })) return;
  config["sliding_window"] = window;
  config["use_sliding_window"] = true;
  config["layer_types"] = base::Json::array();
  for (bool slide : sliding) config["layer_types"].push_back(slide ? "sliding_attention" : "full_attention");
}

void write_windows(const DecoderSpec& spec, const GgufArchitecture& architecture, checkpoint::GgufWriter& writer) {
  int64_t window = 0;
  bool own = true;  // the layers are those that the architecture takes by itself
  std::vector<bool> sliding;
  for (int64_t i = 0; i < spec.layers; ++i) {
    const int64_t size = spec.layer(i).window;
    if (size > 0 && window > 0 && size != window)
      base::input_error("models.gguf", {"GGUF cannot hold windows of several lengths", base::cat(window, " and ", size), "one"});
    window = std::max(window, size);
    sliding.push_back(size > 0);
    own &= sliding.back() == slides(architecture.window_period, i);
  }
  if (window == 0) return;
  const std::string key = base::cat(architecture.name, ".attention.sliding_window");
  writer.integer(key, static_cast<uint32_t>(window));
  if (!own) writer.booleans(key + "_pattern", sliding);
  if (!architecture.obeys_windows && window < spec.max_positions)
    base::log_warning(base::cat("llama.cpp does not read the windows of ", architecture.name, ": beyond ", window,
                                " tokens its answers will differ from this model's"));
}

}  // namespace athanor::models
