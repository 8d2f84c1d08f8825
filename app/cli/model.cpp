#include "app/cli/model.h"

#include <cctype>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/cli/adapter_argument.h"
#include "app/cli/gguf_tokenizer.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/models/gguf_model.h"

namespace athanor::app {
namespace {

engine::WeightKind weight_kind(const std::string& dtype) {
  if (dtype.empty()) return engine::WeightKind::kAsStored;
  switch (*base::dtype_from_user(dtype)) {
    case base::DType::kF32:
      return engine::WeightKind::kF32;
    case base::DType::kBF16:
      return engine::WeightKind::kBF16;
    case base::DType::kI8:
      return engine::WeightKind::kI8;
    default:
      base::input_error("cli.dtype", {"the engine does not hold weights this way", dtype, "f32, bf16 or i8"});
  }
}

/// eos_token_id is a number, a list of numbers, or absent.
std::vector<text::TokenId> ids_at(const base::Json& json, const char* key) {
  std::vector<text::TokenId> ids;
  auto found = json.find(key);
  if (found == json.end()) return ids;
  auto add = [&ids](const base::Json& value) {
    if (value.is_number_integer()) ids.push_back(value.get<text::TokenId>());
  };
  if (found->is_array())
    for (const base::Json& value : *found) add(value);
  else
    add(*found);
  return ids;
}

RunningModel from_folder(const std::string& path) {
  RunningModel model{.folder = checkpoint::ModelFolder::open(path), .decoder = {}, .engine = {}, .end_ids = {}};
  model.decoder = models::decoder_from_config(*model.folder.config);
  return model;
}

RunningModel from_gguf(const std::string& path) {
  models::GgufModel model = models::open_gguf_model(path);
  return {.folder = std::move(model.folder),
          .decoder = std::move(model.decoder),
          .engine = {},
          .end_ids = {},
          .gguf = std::make_shared<checkpoint::GgufFile>(std::move(model.file))};
}

}  // namespace

std::unique_ptr<text::Tokenizer> RunningModel::tokenizer() const {
  const std::string path = folder.path.string();
  return gguf ? text::tokenizer_from_gguf(vocabulary_of(gguf->metadata), path) : text::load_tokenizer(path);
}

void declare_model(Flags& flags, ModelArguments& arguments) {
  flags.positional("MODEL", arguments.model, "a folder in Hugging Face's layout, or a .gguf file", false);
  flags.text("--model -m", arguments.model, {.help = "MODEL, as a flag"});
  flags.integer("--context -c", arguments.context,
                {"tokens of context; 0 takes the model's own, at most 4096", 0, 1 << 20, {"ctx_size"}});
  flags.texts(
      "--lora", arguments.lora,
      {.help =
           "a PEFT adapter folder, merged into the weights at load (virtual tokens are put in front); FOLDER=0.5 with a weight, "
           "and more than once",
       .other_names = {"adapter"}});
}

RunningModel open_model(const ModelArguments& arguments, const std::string& dtype) {
  if (arguments.model.empty())
    base::input_error("cli.model", {"MODEL is missing", "", "a folder in Hugging Face's layout, or a .gguf file"});
  RunningModel model = is_gguf(arguments.model) ? from_gguf(arguments.model) : from_folder(arguments.model);
  if (base::Json config = *model.folder.config; take_labels(config, arguments.lora)) {
    model.decoder = models::decoder_from_config(config);
    model.folder.config = std::make_shared<base::Json>(std::move(config));
  }
  for (const std::string& name : models::unclaimed_weights(model.decoder, model.folder.weights))
    base::log_warning(base::cat("the model has no place for the weight ", name, "; it is left out"));
  models::VirtualTokens virtual_tokens;
  model.folder.weights = with_adapters(model.decoder, model.folder.weights, arguments.lora, &virtual_tokens);
  model.engine = engine::Model::load(model.decoder, model.folder.weights,
                                     {.weights = weight_kind(dtype), .context = arguments.context}, std::move(virtual_tokens));
  if (model.folder.generation_config) model.end_ids = ids_at(*model.folder.generation_config, "eos_token_id");
  if (model.end_ids.empty()) model.end_ids = ids_at(*model.folder.config, "eos_token_id");
  return model;
}

std::vector<text::TokenId> parse_ids(std::string_view text, int64_t vocab) {
  std::vector<text::TokenId> ids;
  const char *at = text.data(), *end = text.data() + text.size();
  while (true) {
    while (at != end && (*at == ',' || *at == '[' || *at == ']' || std::isspace(static_cast<unsigned char>(*at)))) ++at;
    if (at == end) return ids;
    text::TokenId id = 0;
    auto [next, error] = std::from_chars(at, end, id);
    std::string_view rest(at, static_cast<size_t>(std::min<ptrdiff_t>(end - at, 12)));
    if (error != std::errc())
      base::input_error("cli.ids", {base::cat("not a token id at character ", at - text.data()), std::string(rest), "1,2,3"});
    if (id < 0 || id >= vocab)
      base::input_error("cli.ids", {"token id outside the vocabulary", base::cat(id), base::cat("0 to ", vocab - 1)});
    ids.push_back(id);
    at = next;
  }
}

double peak_memory_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

}  // namespace athanor::app
