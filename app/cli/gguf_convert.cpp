#include "app/cli/gguf_convert.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/cli/gguf_tokenizer.h"
#include "app/cli/scratch_folder.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/utf8.h"
#include "athanor/core/models/gguf_model.h"
#include "athanor/core/text/chat_template.h"
#include "athanor/core/text/gguf_vocabulary_of.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;
using base::Json;
using text::GgufVocabulary;

constexpr const char *kTemplate = "tokenizer.chat_template", *kName = "general.name";

/// Rows of the embedding beyond the tokens get names that nobody writes.
void pad(GgufVocabulary& vocabulary, int64_t rows) {
  const auto tokens = static_cast<int64_t>(vocabulary.tokens.size());
  if (tokens > rows)
    base::input_error("cli.convert",
                      {"the tokenizer has more tokens than the model", base::cat(tokens), base::cat("at most ", rows)});
  constexpr int32_t kUnused = 5;
  vocabulary.token_types.resize(vocabulary.tokens.size(), 1);
  for (int64_t id = tokens; id < rows; ++id) {
    vocabulary.tokens.push_back(base::cat("[PAD", id, "]"));
    vocabulary.token_types.push_back(kUnused);
    if (!vocabulary.scores.empty()) vocabulary.scores.push_back(-10'000);
  }
}

std::optional<int32_t> id_at(const Json* config, const char* key) {
  if (!config || !config->contains(key) || !(*config)[key].is_number_integer()) return std::nullopt;
  return (*config)[key].get<int32_t>();
}

void add_tokenizer(const checkpoint::ModelFolder& folder, int64_t rows, checkpoint::GgufWriter& writer) {
  auto has = [&](const char* name) { return fs::exists(folder.path / name); };
  if (!has("tokenizer.json") && !has("vocab.json") && !has("tokenizer.model")) {
    base::log_warning(base::cat(folder.path.string(), ": no tokenizer in this folder, and so none in the GGUF file"));
    return writer.text("tokenizer.ggml.model", "none");
  }
  GgufVocabulary vocabulary = text::gguf_vocabulary_of(*text::load_tokenizer(folder.path));
  pad(vocabulary, rows);
  if (!vocabulary.bos) vocabulary.bos = id_at(folder.config.get(), "bos_token_id");
  if (!vocabulary.eos) vocabulary.eos = id_at(folder.config.get(), "eos_token_id");
  vocabulary.padding = id_at(folder.config.get(), "pad_token_id");
  write_vocabulary(vocabulary, writer);
  if (const std::string text = text::ChatTemplate::source_of(folder.path); !text.empty()) writer.text(kTemplate, text);
}

std::string plain_type(const checkpoint::Checkpoint& weights) {
  for (const checkpoint::NamedArray& array : weights.arrays()) {
    if (array.array.shape.size() < 2) continue;
    if (array.array.blocks) break;
    if (array.array.dtype == base::DType::kBF16) return "bf16";
    if (array.array.dtype == base::DType::kF16) return "f16";
    return "f32";
  }
  base::input_error("cli.convert", {"which type shall the blocks get?", "no --type", "--type q8_0, say"});
}

void refuse_existing(const fs::path& to, bool replace) {
  std::error_code ignored;
  if (!replace && fs::exists(to, ignored))
    base::input_error("cli.convert", {"the file is there already", to.string(), "another name, or --force"});
}

/// What the model is called where nothing says: its folder, or its file without the ending.
std::string name_of(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  const fs::path name = (whole.has_filename() ? whole : whole.parent_path()).filename();
  return is_gguf(name.string()) ? name.stem().string() : name.string();
}

void folder_to_gguf(const fs::path& from, const fs::path& to, const std::string& type) {
  const auto folder = checkpoint::ModelFolder::open(from);
  const models::DecoderModel decoder = models::decoder_from_config(*folder.config);
  checkpoint::GgufWriter writer;
  models::add_gguf_model(decoder, folder.weights, type.empty() ? plain_type(folder.weights) : type, writer);
  writer.text(kName, name_of(from));
  add_tokenizer(folder, decoder.spec.vocab, writer);
  writer.write(to);
}

void gguf_to_gguf(const fs::path& from, const fs::path& to, const std::string& type) {
  const models::GgufModel model = models::open_gguf_model(from);
  checkpoint::GgufWriter writer;
  models::add_gguf_model(model.decoder, model.folder.weights, type.empty() ? plain_type(model.folder.weights) : type, writer);
  writer.text(kName, model.file.metadata.text(kName).value_or(name_of(from)));
  write_vocabulary(vocabulary_of(model.file.metadata), writer);
  if (auto text = model.file.metadata.text(kTemplate)) writer.text(kTemplate, *text);
  writer.write(to);
}

/// tokenizer.json and the files beside it, with the chat template.
void write_tokenizer(const checkpoint::GgufMetadata& metadata, const fs::path& folder) {
  const GgufVocabulary vocabulary = vocabulary_of(metadata);
  const auto pipeline = text::tokenizer_from_gguf(vocabulary, metadata.source());
  auto spelled = [&](std::optional<int32_t> id) { return id ? std::optional(pipeline->id_to_token(*id)) : std::nullopt; };
  text::write_tokenizer_files(*pipeline, {spelled(vocabulary.bos), spelled(vocabulary.eos), spelled(vocabulary.unknown)}, folder);
  Json config = base::read_json_file(folder / "tokenizer_config.json", "cli.convert");
  if (auto pad = spelled(vocabulary.padding)) config["pad_token"] = *pad;
  if (auto text = metadata.text(kTemplate)) {
    if (base::invalid_utf8(*text) != std::string::npos) metadata.refuse(kTemplate, "bytes that are not UTF-8", "a text");
    config["chat_template"] = *text;
  }
  base::write_file(folder / "tokenizer_config.json", config.dump(2) + "\n");
}

}  // namespace

void write_gguf(const fs::path& from, const fs::path& to, std::string type, bool replace) {
  refuse_existing(to, replace);
  is_gguf(from.string()) ? gguf_to_gguf(from, to, type) : folder_to_gguf(from, to, type);
}

void gguf_to_folder(const fs::path& from, const fs::path& to, std::optional<base::DType> dtype, bool replace) {
  const models::GgufModel model = models::open_gguf_model(from);
  std::vector<std::vector<std::byte>> storage;
  const auto arrays = models::folder_arrays(model, dtype, storage);
  const ScratchFolder scratch(base::cat(to.string(), ".tokenizer-", getpid()));
  const bool tokenizer = model.file.metadata.find("tokenizer.ggml.tokens") != nullptr;
  if (tokenizer) write_tokenizer(model.file.metadata, scratch.path());
  const Json& generation = *model.folder.generation_config;
  checkpoint::write_model_folder(to, *model.folder.config, generation.empty() ? nullptr : &generation, arrays,
                                 {.carry_from = tokenizer ? scratch.path() : fs::path(), .replace = replace});
}

}  // namespace athanor::app
