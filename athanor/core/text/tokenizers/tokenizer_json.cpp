#include "athanor/core/text/tokenizers/tokenizer_json.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/json_reader.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

using base::cat;

constexpr int kDepth = 32;
constexpr size_t kMaxBytes = size_t{512} << 20;
constexpr std::string_view kWhere = "text.tokenizer_json";

[[noreturn]] void refuse(std::string_view source, std::string_view what, std::string got = {}, std::string expected = {}) {
  base::file_error(kWhere, {cat(source, ": ", what), std::move(got), std::move(expected)});
}

std::string shown(std::string_view text) { return cat("\"", text.substr(0, 60), text.size() > 60 ? "...\"" : "\""); }

/// Runs `read` on a reader of the whole text. Where the text is not JSON, base::parse_json says where; so it does for what has no
/// place of its own here (a key that occurs twice, too much depth).
template <typename Read>
void read_json(std::string_view json, std::string_view source, const Read& read) {
  if (json.size() > kMaxBytes) refuse(source, "the file is too large", cat(json.size(), " bytes"), cat("at most ", kMaxBytes));
  try {
    if (!is_utf8(json)) throw JsonFault();
    JsonReader reader(json, kDepth);
    read(reader);
    reader.end();
  } catch (const JsonFault&) {
    base::parse_json(json, kWhere, source, {.depth = kDepth, .bytes = kMaxBytes});
    refuse(source, "the file has an unexpected shape");
  }
}

Vocabulary read_vocabulary(JsonReader& reader, std::string_view place, size_t bytes) {
  if (reader.peek() != JsonReader::Kind::kObject) refuse(place, "not an object of tokens and ids");
  Vocabulary vocabulary;
  vocabulary.reserve(bytes / 64);  // a guess that is never far too large
  reader.object([&](std::string_view token) {
    int64_t id = -1;
    if (reader.peek() != JsonReader::Kind::kNumber || !reader.integer(id) || id < 0 || id > kMaxTokenId)
      refuse(place, cat("the id of ", shown(token), " is wrong"), "", cat("an integer from 0 to ", kMaxTokenId));
    auto added = vocabulary.add(token, static_cast<TokenId>(id));
    if (added == Vocabulary::Added::kTokenTwice) refuse(place, cat("the token ", shown(token), " occurs twice"));
    if (added == Vocabulary::Added::kIdTwice)
      refuse(place, cat("the id ", id, " occurs twice"),
             cat(shown(vocabulary.token(static_cast<TokenId>(id))), " and ", shown(token)));
  });
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
    // results mostly come in the order of their ids, which spares the search
    TokenId result = merges_.empty() ? 0 : merges_.back().result;
    if (vocabulary_.token(result) != joined_ && vocabulary_.token(++result) != joined_) result = known(joined_);
    merges_.push_back({a, b, result});
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

std::vector<Merge> read_merges(JsonReader& reader, const Vocabulary& vocabulary, std::string_view place, std::string_view prefix) {
  if (reader.peek() != JsonReader::Kind::kArray) refuse(place, "not a list");
  MergeReader merges(vocabulary, place, prefix);
  std::string left, right;
  reader.array([&] {
    JsonReader::Kind kind = reader.peek();
    if (kind == JsonReader::Kind::kString) return merges.add_line(reader.string(left));
    std::string_view pair[2];
    size_t count = 0;
    auto wrong = [&] { merges.fail("neither \"a b\" nor [\"a\", \"b\"]"); };
    if (kind != JsonReader::Kind::kArray) wrong();
    reader.array([&] {
      if (count == 2 || reader.peek() != JsonReader::Kind::kString) wrong();
      pair[count] = reader.string(count == 0 ? left : right);
      ++count;
    });
    if (count != 2) wrong();
    merges.add(pair[0], pair[1]);
  });
  return merges.take();
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

/// The model's member of the document: its options as a tree, and its tables. The tables are read on the way where everything that
/// they need came before them, as it does in what the reference library writes; else their place is kept and they are read at the
/// end.
class ModelReader {
 public:
  ModelReader(std::string place, size_t bytes) : place_(std::move(place)), bytes_(bytes) {}

  void read(JsonReader& reader) {
    if (reader.peek() != JsonReader::Kind::kObject) refuse(place_, "not an object");
    reader.object([&](std::string_view view) {
      std::string key(view);
      if (key == "vocab") {
        table(reader, vocab_, reader.peek() == JsonReader::Kind::kObject, [this](JsonReader& r) { read_vocab(r); });
      } else if (key == "merges") {
        table(reader, merges_, vocab_.done && options_.contains(kPrefix), [this](JsonReader& r) { read_list(r); });
      } else {
        if (options_.contains(key)) throw JsonFault();
        options_[key] = reader.value();
      }
    });
  }

  std::unique_ptr<Model> make(bool byte_level) {
    if (!options_.contains("type") && (merges_.later || merges_.done)) options_["type"] = "BPE";  // files of 2020 do not say it
    Component component(options_, place_);
    const ModelRow& row = find_component(models(), component, "model");
    if (vocab_.later) read_vocab(*vocab_.later);
    if (!vocab_.done) refuse(place_, "\"vocab\" is missing");
    if (merges_.later) read_list(*merges_.later);
    if (!merges_.done) refuse(place_, "\"merges\" is missing");
    return row.make(component, std::move(tables_), byte_level);
  }

 private:
  struct Table {
    bool done = false;
    std::optional<JsonReader> later;
  };
  static constexpr const char* kPrefix = "continuing_subword_prefix";

  template <typename Read>
  void table(JsonReader& reader, Table& table, bool now, const Read& read) {
    if (table.done || table.later) throw JsonFault();
    if (now) return read(reader);
    table.later = reader;
    reader.skip();
  }
  void read_vocab(JsonReader& reader) {
    tables_.vocabulary = read_vocabulary(reader, cat(place_, ".vocab"), bytes_);
    vocab_ = {true, std::nullopt};
  }
  void read_list(JsonReader& reader) {
    auto prefix = Component(options_, place_).optional_text(kPrefix);
    tables_.merges = read_merges(reader, tables_.vocabulary, cat(place_, ".merges"), prefix.value_or(""));
    merges_ = {true, std::nullopt};
  }

  std::string place_;
  size_t bytes_;
  base::Json options_ = base::Json::object();
  ModelTables tables_;
  Table vocab_, merges_;
};

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
  read_json(json, source, [&](JsonReader& reader) {
    if (reader.peek() != JsonReader::Kind::kObject) {
      reader.skip(), reader.end();
      refuse(source, "not a JSON object");
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
    refuse(source, "the version is not known", document->at("version").dump().substr(0, 60), "\"1.0\"");
  if (!has_model) refuse(source, "\"model\" is missing");
  return assemble(document, source, names, [&](bool byte_level) { return model.make(byte_level); });
}

std::unique_ptr<Pipeline> parse_vocab_and_merges(std::string_view vocab_json, std::string_view vocab_source,
                                                 std::string_view merges_txt, std::string_view merges_source,
                                                 const SpecialTokenNames& names) {
  ModelTables tables;
  read_json(vocab_json, vocab_source,
            [&](JsonReader& reader) { tables.vocabulary = read_vocabulary(reader, vocab_source, vocab_json.size()); });
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
