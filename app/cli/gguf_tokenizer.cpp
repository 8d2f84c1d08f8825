#include "app/cli/gguf_tokenizer.h"

#include <limits>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::app {
namespace {

using checkpoint::GgufMetadata;
using text::GgufVocabulary;

constexpr const char* kPrefix = "tokenizer.ggml.";

struct IdRow {
  const char* key;
  std::optional<int32_t> GgufVocabulary::*member;
};
constexpr IdRow kIds[] = {{"bos_token_id", &GgufVocabulary::bos},
                          {"eos_token_id", &GgufVocabulary::eos},
                          {"unknown_token_id", &GgufVocabulary::unknown},
                          {"padding_token_id", &GgufVocabulary::padding},
                          {"seperator_token_id", &GgufVocabulary::separator},  // the key is spelled so
                          {"mask_token_id", &GgufVocabulary::mask}};

struct SwitchRow {
  const char* key;
  std::optional<bool> GgufVocabulary::*member;
};
constexpr SwitchRow kSwitches[] = {{"add_bos_token", &GgufVocabulary::add_bos},
                                   {"add_eos_token", &GgufVocabulary::add_eos},
                                   {"add_space_prefix", &GgufVocabulary::add_space_prefix},
                                   {"remove_extra_whitespaces", &GgufVocabulary::remove_extra_whitespaces}};

std::vector<std::string> texts_of(const GgufMetadata& metadata, const std::string& key) {
  const std::vector<std::string_view>* texts = metadata.texts(key);
  return texts ? std::vector<std::string>(texts->begin(), texts->end()) : std::vector<std::string>();
}

std::optional<int32_t> id_of(const GgufMetadata& metadata, const std::string& key) {
  const auto id = metadata.integer(key);
  if (!id || *id == std::numeric_limits<uint32_t>::max()) return std::nullopt;  // -1 says: none
  if (*id < 0 || *id > std::numeric_limits<int32_t>::max()) metadata.refuse(key, base::cat(*id), "a token id");
  return static_cast<int32_t>(*id);
}

/// The one array of numbers that is stored as bytes.
std::string bytes_of(const GgufMetadata& metadata, const std::string& key) {
  const checkpoint::GgufValue* value = metadata.find(key);
  if (!value) return "";
  if (!value->is_array || (value->type != checkpoint::GgufType::kU8 && value->type != checkpoint::GgufType::kI8))
    metadata.refuse(key, checkpoint::gguf_type_name(value->type), "an array of bytes");
  return {reinterpret_cast<const char*>(value->numbers.data()), value->numbers.size()};
}

}  // namespace

bool is_gguf(const std::string& path) { return path.ends_with(".gguf"); }

GgufVocabulary vocabulary_of(const GgufMetadata& metadata) {
  auto key = [](const char* name) { return std::string(kPrefix) + name; };
  GgufVocabulary vocabulary;
  vocabulary.model = metadata.text(key("model")).value_or("");
  vocabulary.tokens = texts_of(metadata, key("tokens"));
  if (vocabulary.model.empty() || vocabulary.model == "none" || vocabulary.tokens.empty())
    base::input_error("cli.tokenizer", {base::cat(metadata.source(), ": no tokenizer in this file"), "",
                                        "tokenizer.ggml.model and tokenizer.ggml.tokens"});
  vocabulary.pre = metadata.text(key("pre")).value_or("");
  if (auto scores = metadata.numbers(key("scores"))) vocabulary.scores = std::move(*scores);
  if (auto types = metadata.integers(key("token_type"))) vocabulary.token_types.assign(types->begin(), types->end());
  vocabulary.merges = texts_of(metadata, key("merges"));
  vocabulary.precompiled_charsmap = bytes_of(metadata, key("precompiled_charsmap"));
  for (const IdRow& row : kIds) vocabulary.*row.member = id_of(metadata, key(row.key));
  for (const SwitchRow& row : kSwitches) vocabulary.*row.member = metadata.boolean(key(row.key));
  return vocabulary;
}

void write_vocabulary(const GgufVocabulary& vocabulary, checkpoint::GgufWriter& writer) {
  auto key = [](const char* name) { return std::string(kPrefix) + name; };
  writer.text(key("model"), vocabulary.model);
  if (!vocabulary.pre.empty()) writer.text(key("pre"), vocabulary.pre);
  writer.texts(key("tokens"), vocabulary.tokens);
  if (!vocabulary.scores.empty()) writer.numbers(key("scores"), vocabulary.scores);
  if (!vocabulary.token_types.empty()) writer.integers(key("token_type"), vocabulary.token_types);
  if (!vocabulary.merges.empty()) writer.texts(key("merges"), vocabulary.merges);
  for (const IdRow& row : kIds)
    if (vocabulary.*row.member) writer.integer(key(row.key), static_cast<uint32_t>(*(vocabulary.*row.member)));
  for (const SwitchRow& row : kSwitches)
    if (vocabulary.*row.member) writer.boolean(key(row.key), *(vocabulary.*row.member));
}

std::string gguf_chat_template(const std::string& path) {
  if (!is_gguf(path)) return "";
  return checkpoint::GgufFile::open(path).metadata.text("tokenizer.chat_template").value_or("");
}

std::unique_ptr<text::Tokenizer> open_tokenizer(const std::string& path) {
  if (!is_gguf(path)) return text::load_tokenizer(path);
  const checkpoint::GgufFile file = checkpoint::GgufFile::open(path);
  return text::tokenizer_from_gguf(vocabulary_of(file.metadata), path);
}

}  // namespace athanor::app
