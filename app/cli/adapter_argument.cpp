#include "app/cli/adapter_argument.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/models/adapter.h"
#include "athanor/core/models/labels.h"

namespace athanor::app {

AdapterArgument parse_adapter(const std::string& text) {
  const size_t at = text.rfind('=');
  std::error_code ignored;
  if (at == text.npos || std::filesystem::exists(text, ignored)) return {text};
  AdapterArgument argument = {text.substr(0, at)};
  const char *begin = text.data() + at + 1, *end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, argument.weight);
  if (error != std::errc() || stop != end || !std::isfinite(argument.weight))
    base::input_error("cli.adapter", {"the weight of an adapter is no number", text, "FOLDER=0.5"});
  return argument;
}

bool take_labels(base::Json& config, const std::vector<std::string>& adapters) {
  for (const std::string& text : adapters) {
    const std::filesystem::path file = std::filesystem::path(parse_adapter(text).folder) / "config.json";
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) continue;
    const base::Json theirs = base::read_json_file(file, "cli.adapter");
    const auto labels = models::labels_of(theirs);
    if (!labels) continue;
    models::set_labels(config, *labels);
    if (models::pad_id_of(config) < 0) config["pad_token_id"] = models::pad_id_of(theirs);
    return true;
  }
  return false;
}

checkpoint::Checkpoint with_adapters(const models::DecoderModel& model, checkpoint::Checkpoint weights,
                                     const std::vector<std::string>& adapters, models::VirtualTokens* virtual_tokens) {
  for (const std::string& text : adapters) {
    const AdapterArgument adapter = parse_adapter(text);
    if (virtual_tokens && models::has_virtual_tokens(adapter.folder)) {
      if (virtual_tokens->count > 0)
        base::input_error("cli.adapter", {"two adapters of virtual tokens do not stand side by side", text, "one"});
      if (adapter.weight != 1) base::input_error("cli.adapter", {"virtual tokens have no weight", text, adapter.folder});
      *virtual_tokens = models::read_virtual_tokens(model, adapter.folder);
      continue;
    }
    weights = models::merge_adapter(model, weights, adapter.folder, adapter.weight);
  }
  return weights;
}

}  // namespace athanor::app
