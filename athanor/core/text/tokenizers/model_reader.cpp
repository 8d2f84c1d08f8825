#include "athanor/core/text/tokenizers/model_reader.h"

#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/merge_reader.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

using base::cat;
using Kind = JsonReader::Kind;

constexpr int kDepth = 32;
constexpr size_t kMaxBytes = size_t{512} << 20;
constexpr std::string_view kModelReaderWhere = "text.tokenizer_json";
constexpr const char* kPrefix = "continuing_subword_prefix";

[[noreturn]] void refuse_model(std::string_view source, std::string_view what, std::string got = {}, std::string expected = {}) {
  base::file_error(kModelReaderWhere, {cat(source, ": ", what), std::move(got), std::move(expected)});
}

void add_token(Vocabulary& vocabulary, std::string_view token, TokenId id, std::string_view place) {
  auto added = vocabulary.add(token, id);
  if (added == Vocabulary::Added::kTokenTwice) refuse_model(place, cat("the token ", shown(token), " occurs twice"));
  if (added == Vocabulary::Added::kIdTwice)
    refuse_model(place, cat("the id ", id, " occurs twice"), cat(shown(vocabulary.token(id)), " and ", shown(token)));
}

}  // namespace

void read_json_text(std::string_view json, std::string_view source, const std::function<void(JsonReader&)>& read) {
  if (json.size() > kMaxBytes)
    refuse_model(source, "the file is too large", cat(json.size(), " bytes"), cat("at most ", kMaxBytes));
  try {
    if (!is_utf8(json)) throw JsonFault();
    JsonReader reader(json, kDepth);
    read(reader);
    reader.end();
  } catch (const JsonFault&) {
    base::parse_json(json, kModelReaderWhere, source, {.depth = kDepth, .bytes = kMaxBytes});
    refuse_model(source, "the file has an unexpected shape");
  }
}

Vocabulary read_vocabulary(JsonReader& reader, std::string_view place, size_t bytes) {
  if (reader.peek() != Kind::kObject) refuse_model(place, "not an object of tokens and ids");
  Vocabulary vocabulary;
  vocabulary.reserve(bytes / 64);  // a guess that is never far too large
  reader.object([&](std::string_view token) {
    int64_t id = -1;
    if (reader.peek() != Kind::kNumber || !reader.integer(id) || id < 0 || id > kMaxTokenId)
      refuse_model(place, cat("the id of ", shown(token), " is wrong"), "", cat("an integer from 0 to ", kMaxTokenId));
    add_token(vocabulary, token, static_cast<TokenId>(id), place);
  });
  return vocabulary;
}

ModelReader::ModelReader(std::string place, size_t bytes)
    : place_(std::move(place)), bytes_(bytes), options_(std::make_shared<base::Json>(base::Json::object())) {}

void ModelReader::table(JsonReader& reader, Table& table, bool now, void (ModelReader::*read)(JsonReader&)) {
  if (table.done || table.later) throw JsonFault();
  if (now) return (this->*read)(reader);
  table.later = reader;
  reader.skip();
}

void ModelReader::read(JsonReader& reader) {
  if (reader.peek() != Kind::kObject) refuse_model(place_, "not an object");
  reader.object([&](std::string_view view) {
    std::string key(view);
    if (key == "vocab") {
      Kind kind = reader.peek();
      auto read = kind == Kind::kArray ? &ModelReader::read_scores : &ModelReader::read_ids;
      table(reader, vocab_, kind == Kind::kObject || kind == Kind::kArray, read);
    } else if (key == "merges") {
      table(reader, merges_, vocab_.done && options_->contains(kPrefix), &ModelReader::read_merges);
    } else {
      if (options_->contains(key)) throw JsonFault();
      (*options_)[key] = reader.value();
    }
  });
}

void ModelReader::read_ids(JsonReader& reader) {
  tables_.vocabulary = read_vocabulary(reader, cat(place_, ".vocab"), bytes_);
  vocab_ = {true, std::nullopt};
}

/// [["token", score], ...]: ids by position.
void ModelReader::read_scores(JsonReader& reader) {
  std::string place = cat(place_, ".vocab"), scratch;
  tables_.vocabulary.reserve(bytes_ / 64);
  reader.array([&] {
    size_t id = tables_.scores.size(), members = 0;
    auto wrong = [&] { refuse_model(place, cat("entry ", id, " is wrong"), "", "[\"token\", score]"); };
    if (id > static_cast<size_t>(kMaxTokenId) || reader.peek() != Kind::kArray) wrong();
    reader.array([&] {
      Kind wanted = members == 0 ? Kind::kString : Kind::kNumber;
      if (members == 2 || reader.peek() != wanted) wrong();
      if (members++ == 0) return add_token(tables_.vocabulary, reader.string(scratch), static_cast<TokenId>(id), place);
      tables_.scores.push_back(reader.value().get<double>());
      if (!std::isfinite(tables_.scores.back())) wrong();
    });
    if (members != 2) wrong();
  });
  vocab_ = {true, std::nullopt};
}

void ModelReader::read_merges(JsonReader& reader) {
  auto prefix = Component(*options_, place_).optional_text(kPrefix);
  std::string place = cat(place_, ".merges"), scratch;
  std::deque<std::string> escaped;
  auto text = [&] {
    std::string_view view = reader.string(scratch);
    return view.data() == scratch.data() ? std::string_view(escaped.emplace_back(view)) : view;
  };
  if (reader.peek() != Kind::kArray) refuse_model(place, "not a list");
  MergeReader merges(tables_.vocabulary, kModelReaderWhere, place, prefix.value_or(""));
  merges.reserve(bytes_ / 32);  // a guess that is never far too large
  reader.array([&] {
    Kind kind = reader.peek();
    if (kind == Kind::kString) return merges.add_line(text());
    std::string_view pair[2];
    size_t count = 0;
    auto wrong = [&] { merges.refuse("neither \"a b\" nor [\"a\", \"b\"]"); };
    if (kind != Kind::kArray) wrong();
    reader.array([&] {
      if (count == 2 || reader.peek() != Kind::kString) wrong();
      pair[count++] = text();
    });
    if (count != 2) wrong();
    merges.add(pair[0], pair[1]);
  });
  tables_.merges = merges.take();
  merges_ = {true, std::nullopt};
}

/// Files of 2020 do not say it.
void ModelReader::guess_type() {
  if (options_->contains("type")) return;
  if (!tables_.scores.empty()) {
    (*options_)["type"] = "Unigram";
  } else if (merges_.later || merges_.done) {
    (*options_)["type"] = "BPE";
  } else if (options_->contains("max_input_chars_per_word")) {
    (*options_)["type"] = "WordPiece";
  } else if (options_->contains("unk_token")) {
    (*options_)["type"] = "WordLevel";
  }
}

std::unique_ptr<Model> ModelReader::make(bool byte_level) {
  guess_type();
  Component component(*options_, place_);
  const ModelRow& row = find_component(models(), component, "model");
  if (vocab_.later) read_ids(*vocab_.later);
  if (!vocab_.done) refuse_model(place_, "\"vocab\" is missing");
  bool scored = row.tables == ModelRow::Tables::kScores;
  if (scored != (tables_.scores.size() == tables_.vocabulary.size()) && !(scored && tables_.vocabulary.size() == 0))
    refuse_model(cat(place_, ".vocab"), scored ? "not a list of tokens and scores" : "not an object of tokens and ids");
  if (row.tables == ModelRow::Tables::kMerges) {
    if (merges_.later) read_merges(*merges_.later);
    if (!merges_.done) refuse_model(place_, "\"merges\" is missing");
  }
  return row.make(component, std::move(tables_), byte_level);
}

}  // namespace athanor::text
