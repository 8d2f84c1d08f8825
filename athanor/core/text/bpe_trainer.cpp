#include "athanor/core/text/bpe_trainer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/text/tokenizers/byte_alphabet.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/trainers/merge_learner.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"
#include "athanor/core/text/trainers/word_counts.h"

namespace athanor::text {

namespace {

constexpr std::string_view kBpeTrainerWhere = "text.train";

const ScannerRow& scanner_of(const BpeTrainerOptions& options) {
  return base::find_row(scanners(), options.pattern == "llama3" ? "cl100k" : options.pattern, kBpeTrainerWhere);
}

/// Tokens by id, and ids by token.
class Tokens {
 public:
  TokenId add(const std::string& token) {
    TokenId id = vocabulary_.find(token);
    if (id >= 0) return id;
    id = static_cast<TokenId>(tokens_.size());
    vocabulary_.add(token, id);
    tokens_.push_back(token);
    return id;
  }
  TokenId join(TokenId left, TokenId right) {
    return add(tokens_[static_cast<size_t>(left)] + tokens_[static_cast<size_t>(right)]);
  }
  size_t size() const { return tokens_.size(); }
  std::vector<std::string> take() { return std::move(tokens_); }

 private:
  Vocabulary vocabulary_;
  std::vector<std::string> tokens_;
};

/// Special tokens come first, then the stand-ins of all bytes in the order of their code points.
std::array<TokenId, 256> add_first_tokens(const BpeTrainerOptions& options, Tokens& tokens) {
  for (const std::string& special : options.special_tokens) tokens.add(special);
  std::vector<std::pair<std::string, size_t>> alphabet;
  for (size_t byte = 0; byte < 256; ++byte) alphabet.emplace_back(byte_char(static_cast<unsigned char>(byte)), byte);
  std::sort(alphabet.begin(), alphabet.end());  // UTF-8 sorts as code points do
  std::array<TokenId, 256> ids;
  for (const auto& [character, byte] : alphabet) ids[byte] = tokens.add(character);
  if (static_cast<int64_t>(tokens.size()) > options.vocab_size)
    base::input_error(kBpeTrainerWhere, {"vocab_size is too small", base::cat(options.vocab_size),
                                         base::cat("at least ", tokens.size(), ": the special tokens and 256 bytes")});
  return ids;
}

MergeLearner make_learner(const WordCounts& words, const std::array<TokenId, 256>& byte_ids, int64_t max_token_length) {
  std::vector<TokenId> symbols;
  std::vector<size_t> ends;
  std::vector<uint64_t> counts;
  for (const WordCounts::Word& word : words.words()) {
    for (unsigned char byte : word.text) symbols.push_back(byte_ids[byte]);
    ends.push_back(symbols.size());
    counts.push_back(word.count);
  }
  return {std::move(symbols), ends, std::move(counts), max_token_length > 0 ? static_cast<uint64_t>(max_token_length) : UINT64_MAX};
}

/// Of a pair that was merged twice the reference library keeps the later rank.
std::vector<std::pair<TokenId, TokenId>> last_of_each(const std::vector<std::pair<TokenId, TokenId>>& merges) {
  std::vector<std::pair<TokenId, TokenId>> kept;
  std::set<std::pair<TokenId, TokenId>> seen;
  for (auto merge = merges.rbegin(); merge != merges.rend(); ++merge)
    if (seen.insert(*merge).second) kept.push_back(*merge);
  std::reverse(kept.begin(), kept.end());
  return kept;
}

BpeTrainingResult learn_bpe(const std::vector<NamedText>& texts, const BpeTrainerOptions& options) {
  const ScannerRow& scanner = scanner_of(options);
  Tokens tokens;
  std::array<TokenId, 256> byte_ids = add_first_tokens(options, tokens);
  WordCounts words = count_words(texts, scanner.scan);
  BpeTrainingResult result;
  for (const NamedText& text : texts) result.bytes += text.text.size();
  result.words = words.total();
  result.distinct_words = words.words().size();
  if (result.bytes == 0) base::input_error(kBpeTrainerWhere, {"the files are empty: there is nothing to train on"});

  MergeLearner learner = make_learner(words, byte_ids, options.max_token_length);
  auto wanted = static_cast<size_t>(options.vocab_size);
  base::Progress progress("learning merges", wanted - tokens.size(), "merges");
  std::vector<std::pair<TokenId, TokenId>> merges;
  while (tokens.size() < wanted) {
    if (base::stop_requested()) base::input_error(kBpeTrainerWhere, {"stopped; nothing was written"});
    auto pair = learner.next(static_cast<uint64_t>(options.min_frequency));
    if (!pair) break;
    merges.push_back(*pair);
    learner.merge(tokens.join(pair->first, pair->second));
    progress.advance(1);
  }
  progress.finish();
  result.tokens = tokens.take();
  result.merges = last_of_each(merges);
  return result;
}

base::Json pre_tokenizer_json(const BpeTrainerOptions& options) {
  bool gpt2 = options.pattern == "gpt2";
  base::Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", gpt2}};
  if (gpt2) return bytes;
  base::Json split = {{"type", "Split"},
                      {"pattern", {{"Regex", std::string(scanner_of(options).regex)}}},
                      {"behavior", "Isolated"},
                      {"invert", false}};
  return {{"type", "Sequence"}, {"pretokenizers", {split, bytes}}};
}

}  // namespace

void BpeTrainerOptions::visit(base::OptionVisitor& v) {
  v.integer("vocab_size", vocab_size, {"tokens in all, special ones and 256 bytes included", 257, 1 << 24});
  v.integer("min_frequency", min_frequency, {"a pair must occur at least so often to be merged", 0, 1e15});
  v.texts("special_tokens", special_tokens, {"tokens that get the first ids; the first one begins and ends texts"});
  v.text("pattern", pattern, {.help = "how text is cut into words", .choices = {"gpt2", "cl100k", "llama3", "qwen2", "o200k"}});
  v.integer("max_token_length", max_token_length, {"longest token in bytes; 0: no limit", 0, 1 << 20});
}

BpeTrainingResult train_bpe(const std::vector<std::filesystem::path>& files, const BpeTrainerOptions& options) {
  return learn_bpe(TrainingFiles(files).texts(), options);
}

BpeTrainingResult train_bpe(std::string_view text, const BpeTrainerOptions& options) {
  return learn_bpe({{text, "the text"}}, options);
}

void write_tokenizer_folder(const BpeTrainingResult& result, const BpeTrainerOptions& options,
                            const std::filesystem::path& folder) {
  ModelTables tables;
  for (const std::string& token : result.tokens) tables.vocabulary.add(token, static_cast<TokenId>(tables.vocabulary.size()));
  for (auto [left, right] : result.merges) {
    std::string joined = base::cat(tables.vocabulary.token(left), tables.vocabulary.token(right));
    tables.merges.push_back({left, right, tables.vocabulary.find(joined)});
  }
  base::Json special = base::Json::array();
  for (const std::string& token : options.special_tokens)
    special.push_back(special_token_json(tables.vocabulary.find(token), token));
  base::Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  base::Json document = {{"version", "1.0"},        {"truncation", nullptr}, {"padding", nullptr},
                         {"added_tokens", special}, {"normalizer", nullptr}, {"pre_tokenizer", pre_tokenizer_json(options)},
                         {"post_processor", bytes}, {"decoder", bytes}};
  auto pipeline = build_pipeline(document, {{"type", "BPE"}}, std::move(tables), "tokenizer.json");
  TokenizerFolderOptions names;
  if (!options.special_tokens.empty()) names.bos = names.eos = options.special_tokens.front();
  write_tokenizer_files(*pipeline, names, folder);
}

}  // namespace athanor::text
