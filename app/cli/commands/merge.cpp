// athanor merge: a model folder with adapters put into its weights.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/adapter_argument.h"
#include "app/cli/commands.h"
#include "app/cli/gguf_tokenizer.h"
#include "app/cli/output.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/checkpoint/model_folder.h"

namespace athanor::app {
namespace {

struct Arguments {
  std::string model, out;
  std::vector<std::string> adapters;
  bool force = false;
};

int run(const Arguments& a) {
  if (is_gguf(a.model))
    base::input_error("cli.merge", {"an adapter is merged into the weights of a folder, not into a GGUF file's blocks", a.model, "",
                                    base::cat("athanor convert ", a.model, " --out FOLDER --dtype bf16; athanor merge FOLDER ",
                                              a.adapters.front(), " --out ", a.out)});
  const auto folder = checkpoint::ModelFolder::open(a.model);
  base::Json config = *folder.config;
  take_labels(config, a.adapters);
  const models::DecoderModel model = models::decoder_from_config(config);
  const checkpoint::Checkpoint merged = with_adapters(model, folder.weights, a.adapters);
  checkpoint::write_model_folder(a.out, config, folder.generation_config.get(), merged.arrays(),
                                 {.carry_from = a.model, .replace = a.force});
  print(a.out + "\n");
  return 0;
}

}  // namespace

Run declare_merge(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positional("MODEL", a->model, "a folder in Hugging Face's layout");
  flags.positionals("ADAPTER", a->adapters, "PEFT adapter folders; FOLDER=0.5 with a weight");
  flags.text("--out -o", a->out, {.help = "the folder to write", .required = true});
  flags.flag("--force", a->force, "replace an existing folder");
  return [a](const Invocation&) { return run(*a); };
}

}  // namespace athanor::app
