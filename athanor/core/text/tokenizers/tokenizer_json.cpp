#include "athanor/core/text/tokenizers/tokenizer_json.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/merge_reader.h"
#include "athanor/core/text/tokenizers/model_reader.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

using base::cat;

constexpr std::string_view kTokenizerJsonWhere = "text.tokenizer_json";

[[noreturn]] void refuse_tokenizer(std::string_view source, std::string_view what, std::string got = {},
                                   std::string expected = {}) {
  base::file_error(kTokenizerJsonWhere, {cat(source, ": ", what), std::move(got), std::move(expected)});
}

/// Every added token has its own id, and the one that the model gives it where it knows it.
void check_added_tokens(const std::vector<AddedToken>& tokens, const Vocabulary& vocabulary, std::string_view source) {
  std::unordered_map<std::string_view, TokenId> ids;
  std::unordered_map<TokenId, std::string_view> contents;
  for (const AddedToken& token : tokens) {
    std::string place = cat(source, ": added_tokens");
    if (!ids.emplace(token.content, token.id).second) refuse_tokenizer(place, cat(shown(token.content), " occurs twice"));
    auto [other, is_new] = contents.emplace(token.id, token.content);
    if (!is_new)
      refuse_tokenizer(place, cat("the id ", token.id, " occurs twice"), cat(shown(other->second), " and ", shown(token.content)));
    TokenId in_model = vocabulary.find(token.content);
    if (in_model >= 0 && in_model != token.id)
      refuse_tokenizer(place, cat(shown(token.content), " has another id in the model's vocabulary"),
                       cat(token.id, " and ", in_model));
    if (in_model < 0 && vocabulary.has(token.id))
      refuse_tokenizer(place, cat("the id ", token.id, " of ", shown(token.content), " belongs to another token"),
                       shown(vocabulary.token(token.id)));
  }
}

template <typename Part>
Part make_part(const Component& root, const char* key, Part (*make)(const Component&)) {
  return root.has(key) ? make(root.object(key)) : Part();
}

std::unique_ptr<Pipeline> assemble(std::shared_ptr<const base::Json> document, std::string_view source,
                                   const SpecialTokenNames& names,
                                   const std::function<std::unique_ptr<Model>(bool byte_level)>& make_model) {
  Component root(*document, std::string(source));
  PipelineParts parts;
  parts.normalizer = make_part(root, "normalizer", make_normalizer);
  parts.pre_tokenizer = make_part(root, "pre_tokenizer", make_pre_tokenizer);
  parts.decoder = make_part(root, "decoder", make_decoder);
  if (root.has("added_tokens")) parts.added_tokens = read_added_tokens(root.list("added_tokens"));
  parts.model = make_model(parts.pre_tokenizer && parts.pre_tokenizer->byte_level());
  check_added_tokens(parts.added_tokens, parts.model->vocabulary(), source);
  int64_t vocab_size = parts.model->vocabulary().id_limit();
  for (const AddedToken& token : parts.added_tokens) vocab_size = std::max<int64_t>(vocab_size, token.id + int64_t{1});
  if (root.has("post_processor")) parts.post_processor = make_post_processor(root.object("post_processor"), vocab_size);
  parts.document = std::move(document);
  return std::make_unique<Pipeline>(std::move(parts), names);
}

constexpr std::string_view kGpt2 = R"({
  "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
  "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
  "post_processor": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
  "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}})";

}  // namespace

std::unique_ptr<Pipeline> parse_tokenizer_json(std::string_view json, std::string_view source, const SpecialTokenNames& names) {
  auto document = std::make_shared<base::Json>(base::Json::object());
  ModelReader model(cat(source, ": model"), json.size());
  bool has_model = false;
  read_json_text(json, source, [&](JsonReader& reader) {
    if (reader.peek() != JsonReader::Kind::kObject) {
      reader.skip(), reader.end();
      refuse_tokenizer(source, "not a JSON object");
    }
    reader.object([&](std::string_view view) {
      std::string key(view);
      if (document->contains(key) || (key == "model" && has_model)) throw JsonFault();
      if (key == "model") {
        has_model = true;
        return model.read(reader);
      }
      (*document)[key] = reader.value();
    });
  });
  if (document->contains("version") && document->at("version") != "1.0")
    refuse_tokenizer(source, "the version is not known", document->at("version").dump().substr(0, 60), "\"1.0\"");
  if (!has_model) refuse_tokenizer(source, "\"model\" is missing");
  return assemble(document, source, names, [&](bool byte_level) { return model.make(byte_level); });
}

std::unique_ptr<Pipeline> parse_vocab_and_merges(std::string_view vocab_json, std::string_view vocab_source,
                                                 std::string_view merges_txt, std::string_view merges_source,
                                                 const SpecialTokenNames& names) {
  ModelTables tables;
  read_json_text(vocab_json, vocab_source,
                 [&](JsonReader& reader) { tables.vocabulary = read_vocabulary(reader, vocab_source, vocab_json.size()); });
  if (!is_utf8(merges_txt)) refuse_tokenizer(merges_source, "the file is not UTF-8");
  MergeReader reader(tables.vocabulary, kTokenizerJsonWhere, merges_source, "");
  while (!merges_txt.empty()) {
    size_t end = std::min(merges_txt.find('\n'), merges_txt.size());
    std::string_view line = merges_txt.substr(0, end);
    merges_txt.remove_prefix(std::min(end + 1, merges_txt.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) reader.add_line(line);
  }
  tables.merges = reader.take();
  base::Json document = base::parse_json(kGpt2, kTokenizerJsonWhere, vocab_source);
  constexpr const char* kEnd = "<|endoftext|>";
  if (TokenId id = tables.vocabulary.find(kEnd); id >= 0)
    document["added_tokens"].push_back({{"id", id},
                                        {"content", kEnd},
                                        {"single_word", false},
                                        {"lstrip", false},
                                        {"rstrip", false},
                                        {"normalized", false},
                                        {"special", true}});
  return build_pipeline(document, {{"type", "BPE"}}, std::move(tables), vocab_source, names);
}

std::unique_ptr<Pipeline> build_pipeline(const base::Json& document, const base::Json& model_options, ModelTables tables,
                                         std::string_view source, const SpecialTokenNames& names) {
  Component component(model_options, cat(source, ": model"));
  return assemble(std::make_shared<const base::Json>(document), source, names, [&](bool byte_level) {
    return find_component(models(), component, "model").make(component, std::move(tables), byte_level);
  });
}

}  // namespace athanor::text
