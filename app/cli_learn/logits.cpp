// athanor logits --executor nn: the same file as the engine's, by the layers that learn.

#include <nlohmann/json.hpp>

#include "app/cli/adapter_argument.h"
#include "app/cli/logits_file.h"
#include "app/cli_learn/learn_commands.h"
#include "athanor/core/base/dtype.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/family.h"
#include "athanor/learn/adapters/adapter.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/device.h"
#include "athanor/learn/nn/load.h"
#include "athanor/learn/nn/shared_threads.h"

namespace athanor::app {
namespace {

std::string only_adapter(const std::vector<std::string>& given) {
  const AdapterArgument adapter = parse_adapter(given.front());
  if (given.size() > 1 || adapter.weight != 1)
    base::input_error("cli.logits", {"the layers that learn take one adapter, without a weight", "", "", "--executor engine"});
  return adapter.folder;
}

}  // namespace

int logits_command(const LogitsArguments& a, const Invocation& call) {
  nn::install_shared_threads();
  auto folder = checkpoint::ModelFolder::open(a.model);
  auto ids = logits_input(a, models::decoder_from_config(*folder.config).spec.vocab, [&] { return text::load_tokenizer(a.model); });
  nn::DecoderOptions options;
  options.device = nn::device_named(call.everywhere.device);
  if (!call.everywhere.dtype.empty()) options.dtype = nn::scalar_type_of(*base::dtype_from_user(call.everywhere.dtype));
  std::vector<std::vector<float>> hidden;
  const auto decoder = nn::load_decoder(a.model, options);
  const auto adapter = a.lora.empty() ? nullptr : adapters::load_adapter(*decoder, only_adapter(a.lora));
  std::vector<float> logits = nn::decoder_logits(*decoder, ids, a.hidden ? &hidden : nullptr);
  write_logits(a.out, static_cast<int64_t>(ids.size()), logits, hidden);
  return 0;
}

}  // namespace athanor::app
