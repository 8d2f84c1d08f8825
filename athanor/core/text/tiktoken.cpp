// A file's ranks are all of its BPE: a pair merges where its bytes are a token, the token of the lowest rank first, and a word that
// is a token stays whole. Checked against tiktoken.

#include "athanor/core/text/tiktoken.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "athanor/core/base/base64.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/merge_reader.h"
#include "athanor/core/text/tokenizers/piece_merges.h"
#include "athanor/core/text/tokenizers/scanners/scanner.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"

namespace athanor::text {

namespace {

using base::cat;
using base::Json;

constexpr std::string_view kTiktokenWhere = "text.tiktoken";

/// What is known of published files, which their number of tokens tells apart.
struct Published {
  size_t tokens;
  std::string_view pattern, bos, eos;
  std::vector<std::pair<TokenId, std::string>> special;
};

std::vector<std::pair<TokenId, std::string>> llama3_special() {
  std::vector<std::string> names = {"<|begin_of_text|>",
                                    "<|end_of_text|>",
                                    "<|reserved_special_token_0|>",
                                    "<|reserved_special_token_1|>",
                                    "<|finetune_right_pad_id|>",
                                    "<|reserved_special_token_2|>",
                                    "<|start_header_id|>",
                                    "<|end_header_id|>",
                                    "<|eom_id|>",
                                    "<|eot_id|>",
                                    "<|python_tag|>"};
  for (int n = 3; names.size() < 256; ++n) names.push_back(cat("<|reserved_special_token_", n, "|>"));
  std::vector<std::pair<TokenId, std::string>> special;
  for (const std::string& name : names) special.emplace_back(128000 + static_cast<TokenId>(special.size()), name);
  return special;
}

std::vector<Published> published() {
  constexpr std::string_view kEnd = "<|endoftext|>";
  std::string end(kEnd);
  return {{50256, "gpt2", kEnd, kEnd, {{50256, end}}},
          {50280, "gpt2", kEnd, kEnd, {{50256, end}}},
          {100256,
           "cl100k",
           kEnd,
           kEnd,
           {{100257, end},
            {100258, "<|fim_prefix|>"},
            {100259, "<|fim_middle|>"},
            {100260, "<|fim_suffix|>"},
            {100276, "<|endofprompt|>"}}},
          {199998, "o200k", kEnd, kEnd, {{199999, end}, {200018, "<|endofprompt|>"}}},
          {151643, "qwen2", kEnd, kEnd, {{151643, end}, {151644, "<|im_start|>"}, {151645, "<|im_end|>"}}},
          {128000, "cl100k", "<|begin_of_text|>", "<|end_of_text|>", llama3_special()}};
}

Published published_of(size_t tokens) {
  for (Published& one : published())
    if (one.tokens == tokens) return one;
  return {tokens, "cl100k", "", "", {}};
}

struct Line {
  std::string bytes;
  int64_t rank;
};

std::optional<Line> read_line(std::string_view line) {
  size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  auto bytes = base::base64_decode(line.substr(0, space));
  std::string_view digits = line.substr(space + 1);
  int64_t rank = -1;
  auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
  bool whole = error == std::errc() && stop == digits.data() + digits.size();
  if (!bytes || bytes->empty() || !whole || rank < 0 || rank > kMaxTokenId) return std::nullopt;
  return Line{std::move(*bytes), rank};
}

std::string_view next_line(std::string_view& text) {
  size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Vocabulary read_ranks(std::string_view text, std::string_view source) {
  Vocabulary vocabulary;
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = next_line(text);
    if (line.empty()) continue;
    auto fail = [&](std::string_view what, std::string expected = {}) {
      base::file_error(kTiktokenWhere, {cat(source, ": line ", number, ": ", what), shown(line), std::move(expected)});
    };
    auto read = read_line(line);
    if (!read) fail("not a token and its rank", cat("bytes in base64, a space, a number up to ", kMaxTokenId));
    auto added = vocabulary.add(to_byte_chars(read->bytes), static_cast<TokenId>(read->rank));
    if (added == Vocabulary::Added::kTokenTwice) fail("the token occurs twice");
    if (added == Vocabulary::Added::kIdTwice) fail("the rank occurs twice");
  }
  if (vocabulary.size() == 0) base::file_error(kTiktokenWhere, {cat(source, ": the file has no tokens")});
  return vocabulary;
}

}  // namespace

bool looks_like_tiktoken(std::string_view text) {
  text = text.substr(0, 4096);
  return read_line(next_line(text)).has_value();
}

std::unique_ptr<Pipeline> parse_tiktoken(std::string_view text, std::string_view source) {
  ModelTables tables;
  tables.vocabulary = read_ranks(text, source);
  std::vector<float> scores;
  for (TokenId id = 0; id < tables.vocabulary.id_limit(); ++id) scores.push_back(static_cast<float>(-id));
  std::vector<bool> usable;
  for (TokenId id = 0; id < tables.vocabulary.id_limit(); ++id) usable.push_back(tables.vocabulary.has(id));
  PieceMerges found = merges_of_pieces(tables.vocabulary, scores, usable);
  tables.merges = std::move(found.merges), tables.ranks = std::move(found.ranks);

  Published known = published_of(tables.vocabulary.size());
  Json added = Json::array();
  for (const auto& [id, name] : known.special) added.push_back(special_token_json(id, name));
  Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
  Json split = {{"type", "Split"},
                {"pattern", {{"Regex", std::string(base::find_row(scanners(), known.pattern, kTiktokenWhere).regex)}}},
                {"behavior", "Isolated"},
                {"invert", false}};
  Json document = {{"version", "1.0"},        {"truncation", nullptr},
                   {"padding", nullptr},      {"added_tokens", added},
                   {"normalizer", nullptr},   {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}}},
                   {"post_processor", bytes}, {"decoder", bytes}};
  SpecialTokenNames names;
  if (!known.bos.empty()) names.bos = known.bos, names.eos = known.eos;
  return build_pipeline(document, {{"type", "BPE"}, {"ignore_merges", true}}, std::move(tables), source, names);
}

}  // namespace athanor::text
