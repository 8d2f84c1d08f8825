// athanor logits --executor nn: the same file as the engine's, by the layers that learn.

#include <nlohmann/json.hpp>

#include "app/cli/logits_file.h"
#include "app/cli_learn/learn_commands.h"
#include "athanor/core/base/dtype.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/family.h"
#include "athanor/learn/nn/arrays.h"
#include "athanor/learn/nn/device.h"
#include "athanor/learn/nn/load.h"
#include "athanor/learn/nn/shared_threads.h"

namespace athanor::app {

int logits_command(const LogitsArguments& a, const Invocation& call) {
  nn::install_shared_threads();
  auto folder = checkpoint::ModelFolder::open(a.model);
  auto ids = logits_input(a, models::decoder_from_config(*folder.config).spec.vocab, [&] { return text::load_tokenizer(a.model); });
  nn::DecoderOptions options;
  options.device = nn::device_named(call.everywhere.device);
  if (!call.everywhere.dtype.empty()) options.dtype = nn::scalar_type_of(*base::dtype_from_user(call.everywhere.dtype));
  std::vector<std::vector<float>> hidden;
  std::vector<float> logits = nn::decoder_logits(a.model, ids, options, a.hidden ? &hidden : nullptr);
  write_logits(a.out, static_cast<int64_t>(ids.size()), logits, hidden);
  return 0;
}

}  // namespace athanor::app
