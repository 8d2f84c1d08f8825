#pragma once
// A model ready to run, as generate, logits, bench and eval need it.

#include <memory>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/checkpoint/model_folder.h"
#include "athanor/core/models/family.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/run/engine/engine.h"

namespace athanor::app {

struct RunningModel {
  checkpoint::ModelFolder folder;
  models::DecoderModel decoder;
  std::shared_ptr<const engine::Model> engine;
  std::vector<text::TokenId> end_ids;                     // from generation_config.json, else config.json
  std::shared_ptr<const checkpoint::GgufFile> gguf = {};  // where the model is one

  /// The folder's or file's tokenizer; input_error where it has none.
  std::unique_ptr<text::Tokenizer> tokenizer() const;
};

/// MODEL as the command line names it, -m included. `context` in tokens, 0: the model's own.
struct ModelArguments {
  std::string model;
  int64_t context = 0;
  std::vector<std::string> lora = {};  // PEFT folders, merged at load: "FOLDER" or "FOLDER=0.5"
};
void declare_model(Flags& flags, ModelArguments& arguments);

/// `dtype`: how the matrices are held ("" as stored, f32, bf16, i8).
RunningModel open_model(const ModelArguments& arguments, const std::string& dtype);

/// "1,2,3" (commas or blanks) -> ids; input_error with the place on anything else or an id outside the vocabulary.
std::vector<text::TokenId> parse_ids(std::string_view text, int64_t vocab);

/// Most memory that this process has held, in MiB (VmHWM).
double peak_memory_mib();

}  // namespace athanor::app
