// Each kind becomes the tokenizer.json of the same model, so that one pipeline runs them all. Checked against llama.cpp's ids for
// every vocabulary of the shared data.

#include "athanor/core/text/gguf_vocabulary.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/gguf_patterns.h"
#include "athanor/core/text/tokenizers/merge_reader.h"
#include "athanor/core/text/tokenizers/piece_merges.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"

namespace athanor::text {

namespace {

using base::cat;
using base::Json;

constexpr std::string_view kGgufVocabularyWhere = "text.gguf_vocabulary", kGgufSpace = "▁";

class GgufTokenizer {
 public:
  GgufTokenizer(const GgufVocabulary& file, std::string_view source) : file_(file), source_(source) {
    size_t count = file.tokens.size();
    if (count == 0 || count > static_cast<size_t>(kMaxTokenId))
      refuse("tokenizer.ggml.tokens is empty or too long", cat(count, " tokens"));
    if (!file.token_types.empty() && file.token_types.size() != count)
      refuse("the lists of tokens and of token types differ in length", cat(count, " and ", file.token_types.size()));
    for (TokenId id = 0; id < first_padding(); ++id) add_token(id);
    for (const auto* id : {&file.bos, &file.eos, &file.unknown, &file.padding, &file.separator, &file.mask})
      if (*id && !names_token(**id))
        refuse("the id of a special token is not in the vocabulary", cat(**id), cat("0 to ", count - 1));
  }

  std::unique_ptr<Pipeline> build() {
    if (file_.model == "gpt2" || file_.model == "gemma4") return build_gpt2();
    if (file_.model == "llama") return build_llama();
    if (file_.model == "bert") return build_bert();
    refuse("tokenizer.ggml.model is not supported", shown(file_.model), "gpt2, llama or bert");
  }

 private:
  [[noreturn]] void refuse(std::string_view what, std::string got = {}, std::string expected = {}) const {
    base::file_error(kGgufVocabularyWhere, {cat(source_, ": ", what), std::move(got), std::move(expected)});
  }

  /// Where the rows begin that fill the model's embedding up: "[PAD<id>]", unused, to the end. They are no tokens.
  TokenId first_padding() const {
    auto first = static_cast<TokenId>(file_.tokens.size());
    while (first > 1 && type(first - 1) == token_type::kUnused &&
           file_.tokens[static_cast<size_t>(first) - 1] == cat("[PAD", first - 1, "]") && !is_named(first - 1))
      --first;
    return first;
  }
  bool is_named(TokenId id) const {
    const auto named = {file_.bos, file_.eos, file_.unknown, file_.padding, file_.separator, file_.mask};
    return std::find(named.begin(), named.end(), std::optional(id)) != named.end();
  }
  bool names_token(int32_t id) const { return id >= 0 && static_cast<size_t>(id) < file_.tokens.size(); }
  int32_t type(TokenId id) const {
    return file_.token_types.empty() ? token_type::kNormal : file_.token_types[static_cast<size_t>(id)];
  }
  std::string_view token(TokenId id) const { return tables_.vocabulary.token(id); }

  /// A WordPiece vocabulary marks the beginnings of words there, and their continuations in tokenizer.json.
  std::string spelled(TokenId id) const {
    const std::string& token = file_.tokens[static_cast<size_t>(id)];
    if (token.empty()) return cat("[EMPTY_", id, "]");
    if (file_.model != "bert" || type(id) != token_type::kNormal) return token;
    return token.starts_with(kGgufSpace) && token.size() > kGgufSpace.size() ? token.substr(kGgufSpace.size()) : "##" + token;
  }

  void add_token(TokenId id) {
    std::string name = spelled(id);
    if (!is_utf8(name)) refuse(cat("token ", id, " is not UTF-8"));
    if (tables_.vocabulary.add(name, id) != Vocabulary::Added::kYes)
      refuse(cat("token ", id, " occurs twice"), cat(shown(name), ", also ", tables_.vocabulary.find(name)));
    bool special = type(id) == token_type::kControl || type(id) == token_type::kUnknown;
    if (!special && type(id) != token_type::kUserDefined) return;
    Json added = special_token_json(id, name);
    added["special"] = special;
    added_.push_back(std::move(added));
  }

  /// "<s> $A </s>" with those of the two that are there.
  Json around(std::optional<int32_t> first, std::optional<int32_t> last) const {
    Json single = Json::array(), pair = Json::array(), specials = Json::object();
    auto special = [&](std::optional<int32_t> id, int type_id) {
      if (!id) return;
      std::string name(token(*id));
      Json piece = {{"SpecialToken", {{"id", name}, {"type_id", type_id}}}};
      if (type_id == 0) single.push_back(piece);
      pair.push_back(piece);
      specials[name] = {{"id", name}, {"ids", {*id}}, {"tokens", {name}}};
    };
    special(first, 0);
    single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    pair.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    special(last, 0);
    if (!last) special(first, 1);
    pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", 1}}}});
    special(last, 1);
    return {{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", specials}};
  }

  Json document(Json normalizer, Json pre_tokenizer, Json post_processor, Json decoder) const {
    return {{"version", "1.0"},
            {"truncation", nullptr},
            {"padding", nullptr},
            {"added_tokens", added_},
            {"normalizer", std::move(normalizer)},
            {"pre_tokenizer", std::move(pre_tokenizer)},
            {"post_processor", std::move(post_processor)},
            {"decoder", std::move(decoder)}};
  }

  std::unique_ptr<Pipeline> finish(const Json& document, const Json& model) {
    SpecialTokenNames names;
    if (file_.bos) names.bos = token(*file_.bos);
    if (file_.eos) names.eos = token(*file_.eos);
    return build_pipeline(document, model, std::move(tables_), source_, names);
  }

  std::unique_ptr<Pipeline> build_gpt2() {
    GgufPattern pattern = gguf_pattern(file_.model == "gemma4" ? "gemma4" : file_.pre, source_);
    MergeReader merges(tables_.vocabulary, kGgufVocabularyWhere, cat(source_, ": tokenizer.ggml.merges"), "");
    for (const std::string& line : file_.merges) {
      size_t space = line.find(' ', 1);  // a merge of Gemma may begin with a space
      if (line.empty() || space == std::string::npos) merges.refuse("not two tokens with a space between them", shown(line));
      merges.add(std::string_view(line).substr(0, space), std::string_view(line).substr(space + 1));
    }
    tables_.merges = merges.take();
    auto first = file_.add_bos.value_or(pattern.add_bos) ? file_.bos : std::nullopt;
    auto last = file_.add_eos.value_or(false) ? file_.eos : pattern.add_sep ? file_.separator : std::nullopt;
    Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
    Json model = {{"type", "BPE"}, {"ignore_merges", pattern.ignore_merges}};
    if (!pattern.byte_level) model["byte_fallback"] = true;
    return finish(document(json_of(pattern.normalizer), json_of(pattern.pre_tokenizer), first || last ? around(first, last) : bytes,
                           pattern.byte_level ? bytes : spaces_back(false)),
                  model);
  }

  static Json json_of(const std::shared_ptr<const Json>& part) { return part ? *part : Json(nullptr); }

  static Json spaces_back(bool strips_first) {
    Json steps = {{{"type", "Replace"}, {"pattern", {{"String", kGgufSpace}}}, {"content", " "}},
                  {{"type", "ByteFallback"}},
                  {{"type", "Fuse"}}};
    if (strips_first) steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
    return {{"type", "Sequence"}, {"decoders", steps}};
  }

  std::unique_ptr<Pipeline> build_llama() {
    size_t count = file_.tokens.size();
    if (file_.scores.size() != count)
      refuse("the lists of tokens and of scores differ in length", cat(count, " and ", file_.scores.size()));
    std::vector<bool> usable(count);
    for (size_t id = 0; id < count; ++id) {
      int32_t kind = type(static_cast<TokenId>(id));
      usable[id] = kind != token_type::kControl && kind != token_type::kUnknown && kind != token_type::kByte &&
                   kind != token_type::kUserDefined;
      if (!std::isfinite(file_.scores[id])) refuse(cat("the score of token ", id, " is not finite"));
    }
    PieceMerges found = merges_of_pieces(tables_.vocabulary, file_.scores, usable);
    tables_.merges = std::move(found.merges);
    tables_.ranks = std::move(found.ranks);
    bool prefix = file_.add_space_prefix.value_or(true);
    Json normalizer = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kGgufSpace}};
    if (prefix) normalizer = {{"type", "Sequence"}, {"normalizers", {{{"type", "Prepend"}, {"prepend", kGgufSpace}}, normalizer}}};
    Json model = {{"type", "BPE"}, {"fuse_unk", true}, {"byte_fallback", true}};
    TokenId unknown = file_.unknown.value_or(0);
    model["unk_token"] = token(unknown);
    return finish(document(normalizer, nullptr,
                           around(file_.add_bos.value_or(true) ? file_.bos : std::nullopt,
                                  file_.add_eos.value_or(false) ? file_.eos : std::nullopt),
                           spaces_back(prefix)),
                  model);
  }

  std::unique_ptr<Pipeline> build_bert() {
    TokenId unknown = file_.unknown.value_or(100);
    if (!names_token(unknown)) refuse("the unknown token is not in the vocabulary", cat(unknown));
    Json normalizer = {{"type", "BertNormalizer"},
                       {"clean_text", true},
                       {"handle_chinese_chars", true},
                       {"strip_accents", nullptr},
                       {"lowercase", true}};
    Json model = {{"type", "WordPiece"},
                  {"unk_token", token(unknown)},
                  {"continuing_subword_prefix", "##"},
                  {"max_input_chars_per_word", 100}};
    return finish(document(normalizer, {{"type", "BertPreTokenizer"}},
                           around(file_.add_bos.value_or(true) ? file_.bos : std::nullopt,
                                  file_.add_eos.value_or(true) ? (file_.separator ? file_.separator : file_.eos) : std::nullopt),
                           {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}),
                  model);
  }

  const GgufVocabulary& file_;
  std::string source_;
  ModelTables tables_;
  Json added_ = Json::array();
};

}  // namespace

std::unique_ptr<Pipeline> tokenizer_from_gguf(const GgufVocabulary& vocabulary, std::string_view source) {
  return GgufTokenizer(vocabulary, source).build();
}

}  // namespace athanor::text
