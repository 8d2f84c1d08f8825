#include "athanor/core/text/tokenizers/tokenizer_json.h"

#include <simdjson.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

using base::cat;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr int kDepth = 32;
constexpr size_t kMaxBytes = size_t{512} << 20;
constexpr std::string_view kWhere = "text.tokenizer_json";

[[noreturn]] void refuse(std::string_view source, std::string_view what, std::string got = {}, std::string expected = {}) {
  base::file_error(kWhere, {cat(source, ": ", what), std::move(got), std::move(expected)});
}

std::string shown(std::string_view text) { return cat("\"", text.substr(0, 60), text.size() > 60 ? "...\"" : "\""); }

/// The document as simdjson has it: fast, and only as long as `parser` lives. What it refuses, the slower reader refuses with line
/// and column.
element parse(simdjson::dom::parser& parser, std::string_view json, std::string_view source) {
  if (json.size() > kMaxBytes) refuse(source, "the file is too large", cat(json.size(), " bytes"), cat("at most ", kMaxBytes));
  element root;
  auto error = parser.allocate(json.size() + 1, kDepth);
  if (!error) error = parser.parse(json.data(), json.size()).get(root);
  if (error) {
    base::parse_json(json, kWhere, source, {.depth = kDepth, .bytes = kMaxBytes});
    refuse(source, "the file cannot be read", simdjson::error_message(error));
  }
  return root;
}

base::Json to_json(element value, std::string_view place);

base::Json to_json(simdjson::dom::object object, std::string_view place, std::initializer_list<std::string_view> without = {}) {
  base::Json json = base::Json::object();
  for (auto [key, value] : object) {
    if (std::find(without.begin(), without.end(), key) != without.end()) continue;
    std::string name(key);
    if (json.contains(name)) refuse(place, cat("the key ", shown(key), " occurs twice"));
    json[name] = to_json(value, cat(place, ".", key.substr(0, 60)));
  }
  return json;
}

base::Json to_json(element value, std::string_view place) {
  switch (value.type()) {
    case element_type::OBJECT:
      return to_json(value.get_object().value_unsafe(), place);
    case element_type::ARRAY: {
      base::Json json = base::Json::array();
      simdjson::dom::array array = value.get_array().value_unsafe();
      for (element item : array) json.push_back(to_json(item, place));
      return json;
    }
    case element_type::STRING:
      return std::string(value.get_string().value_unsafe());
    case element_type::INT64:
      return value.get_int64().value_unsafe();
    case element_type::UINT64:
      return value.get_uint64().value_unsafe();
    case element_type::DOUBLE:
      return value.get_double().value_unsafe();
    case element_type::BOOL:
      return value.get_bool().value_unsafe();
    default:
      return nullptr;
  }
}

Vocabulary read_vocabulary(element value, std::string_view place, size_t bytes) {
  simdjson::dom::object object;
  if (value.get_object().get(object)) refuse(place, "not an object of tokens and ids");
  Vocabulary vocabulary;
  vocabulary.reserve(object.size(), bytes / 2);
  for (auto [token, number] : object) {
    int64_t id;
    if (number.get_int64().get(id) || id < 0 || id > kMaxTokenId)
      refuse(place, cat("the id of ", shown(token), " is wrong"), simdjson::minify(number).substr(0, 60),
             cat("an integer from 0 to ", kMaxTokenId));
    auto added = vocabulary.add(token, static_cast<TokenId>(id));
    if (added == Vocabulary::Added::kTokenTwice) refuse(place, cat("the token ", shown(token), " occurs twice"));
    if (added == Vocabulary::Added::kIdTwice)
      refuse(place, cat("the id ", id, " occurs twice"),
             cat(shown(vocabulary.token(static_cast<TokenId>(id))), " and ", shown(token)));
  }
  return vocabulary;
}

/// Turns merges by name into merges by id.
class MergeReader {
 public:
  MergeReader(const Vocabulary& vocabulary, std::string_view place, std::string_view prefix)
      : vocabulary_(vocabulary), place_(place), prefix_(prefix.size()) {}

  void add(std::string_view left, std::string_view right) {
    TokenId a = known(left), b = known(right);
    if (right.size() < prefix_) fail(cat(shown(right), " is shorter than the continuing_subword_prefix"));
    joined_.assign(left).append(right.substr(prefix_));
    merges_.push_back({a, b, known(joined_)});
  }

  /// "a b"; a first line "#version ..." is passed over.
  void add_line(std::string_view line) {
    if (line.starts_with("#version")) return;
    size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
      fail("not two tokens with one space between them", shown(line));
    add(line.substr(0, space), line.substr(space + 1));
  }

  [[noreturn]] void fail(std::string_view what, std::string got = {}) {
    refuse(place_, cat("merge ", merges_.size() + 1, ": ", what), std::move(got));
  }
  std::vector<Merge> take() { return std::move(merges_); }

 private:
  TokenId known(std::string_view token) {
    TokenId id = vocabulary_.find(token);
    if (id < 0) fail(cat(shown(token), " is not in the vocabulary"));
    return id;
  }

  const Vocabulary& vocabulary_;
  std::string place_, joined_;
  size_t prefix_;
  std::vector<Merge> merges_;
};

std::vector<Merge> read_merges(element value, const Vocabulary& vocabulary, std::string_view place, std::string_view prefix) {
  simdjson::dom::array array;
  if (value.get_array().get(array)) refuse(place, "not a list");
  MergeReader reader(vocabulary, place, prefix);
  for (element item : array) {
    std::string_view text, left, right;
    simdjson::dom::array pair;
    if (!item.get_string().get(text)) {
      reader.add_line(text);
    } else if (!item.get_array().get(pair) && pair.size() == 2 && !pair.at(0).get_string().get(left) &&
               !pair.at(1).get_string().get(right)) {
      reader.add(left, right);
    } else {
      reader.fail("neither \"a b\" nor [\"a\", \"b\"]");
    }
  }
  return reader.take();
}

/// Every added token has its own id, and the one that the model gives it where it knows it.
void check_added_tokens(const std::vector<AddedToken>& tokens, const Vocabulary& vocabulary, std::string_view source) {
  std::unordered_map<std::string_view, TokenId> ids;
  std::unordered_map<TokenId, std::string_view> contents;
  for (const AddedToken& token : tokens) {
    std::string place = cat(source, ": added_tokens");
    if (!ids.emplace(token.content, token.id).second) refuse(place, cat(shown(token.content), " occurs twice"));
    auto [other, is_new] = contents.emplace(token.id, token.content);
    if (!is_new) refuse(place, cat("the id ", token.id, " occurs twice"), cat(shown(other->second), " and ", shown(token.content)));
    TokenId in_model = vocabulary.find(token.content);
    if (in_model >= 0 && in_model != token.id)
      refuse(place, cat(shown(token.content), " has another id in the model's vocabulary"), cat(token.id, " and ", in_model));
    if (in_model < 0 && vocabulary.has(token.id))
      refuse(place, cat("the id ", token.id, " of ", shown(token.content), " belongs to another token"),
             shown(vocabulary.token(token.id)));
  }
}

template <typename Part>
Part make_part(const Component& root, const char* key, Part (*make)(const Component&)) {
  return root.has(key) ? make(root.object(key)) : Part();
}

std::unique_ptr<Model> read_model(element model, std::string_view source, size_t bytes, bool byte_level) {
  std::string place = cat(source, ": model");
  simdjson::dom::object object;
  if (model.get_object().get(object)) refuse(place, "not an object");
  base::Json options = to_json(object, place, {"vocab", "merges"});
  element vocab, merges;
  bool has_merges = !object["merges"].get(merges);
  if (!options.contains("type") && has_merges) options["type"] = "BPE";  // files of 2020 do not say it
  Component component(options, place);
  const ModelRow& row = find_component(models(), component, "model");
  if (object["vocab"].get(vocab)) refuse(place, "\"vocab\" is missing");
  if (!has_merges) refuse(place, "\"merges\" is missing");
  ModelTables tables{read_vocabulary(vocab, cat(place, ".vocab"), bytes), {}};
  tables.merges = read_merges(merges, tables.vocabulary, cat(place, ".merges"),
                              component.optional_text("continuing_subword_prefix").value_or(""));
  return row.make(component, std::move(tables), byte_level);
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
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parse(parser, json, source).get_object().get(object)) refuse(source, "not a JSON object");
  auto document = std::make_shared<base::Json>(to_json(object, source, {"model"}));
  if (document->contains("version") && document->at("version") != "1.0")
    refuse(source, "the version is not known", document->at("version").dump().substr(0, 60), "\"1.0\"");
  element model;
  if (object["model"].get(model)) refuse(source, "\"model\" is missing");
  return assemble(document, source, names, [&](bool byte_level) { return read_model(model, source, json.size(), byte_level); });
}

std::unique_ptr<Pipeline> parse_vocab_and_merges(std::string_view vocab_json, std::string_view vocab_source,
                                                 std::string_view merges_txt, std::string_view merges_source,
                                                 const SpecialTokenNames& names) {
  simdjson::dom::parser parser;
  ModelTables tables{read_vocabulary(parse(parser, vocab_json, vocab_source), vocab_source, vocab_json.size()), {}};
  if (!is_utf8(merges_txt)) refuse(merges_source, "the file is not UTF-8");
  MergeReader reader(tables.vocabulary, merges_source, "");
  while (!merges_txt.empty()) {
    size_t end = std::min(merges_txt.find('\n'), merges_txt.size());
    std::string_view line = merges_txt.substr(0, end);
    merges_txt.remove_prefix(std::min(end + 1, merges_txt.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) reader.add_line(line);
  }
  tables.merges = reader.take();
  base::Json document = base::parse_json(kGpt2, kWhere, vocab_source);
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
