// Checked against the `tokenizers` library's WordPieceTrainer on text whose pairs have different counts: the same vocabulary.

#include "athanor/core/text/wordpiece_trainer.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/trainers/merge_learner.h"
#include "athanor/core/text/trainers/piece_counts.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"

namespace athanor::text {

namespace {

constexpr std::string_view kWordpieceTrainerWhere = "text.train", kInside = "##";

base::Json normalizer_json(const WordPieceTrainerOptions& options) {
  return {{"type", "BertNormalizer"},
          {"clean_text", true},
          {"handle_chinese_chars", true},
          {"strip_accents", nullptr},
          {"lowercase", options.lowercase}};
}

class WordPieceTrainer {
 public:
  WordPieceTrainer(const PieceCounts& words, const WordPieceTrainerOptions& options) : words_(words), options_(options) {
    for (const std::string& token : options.special_tokens) add(token);
    for (uint32_t code : alphabet()) {
      std::string character;
      append_utf8(character, code);
      characters_.insert(character);
      add(character);
    }
  }

  std::vector<std::string> train() {
    MergeLearner learner = make_learner();
    auto wanted = static_cast<size_t>(options_.vocab_size);
    base::Progress progress("learning merges", wanted - std::min(wanted, tokens_.size()), "merges");
    while (tokens_.size() < wanted) {
      if (base::stop_requested()) base::input_error(kWordpieceTrainerWhere, {"stopped; nothing was written"});
      auto pair = learner.next(static_cast<uint64_t>(options_.min_frequency));
      if (!pair) break;
      std::string right = tokens_[static_cast<size_t>(pair->second)];
      if (right.starts_with(kInside)) right.erase(0, kInside.size());
      learner.merge(add(tokens_[static_cast<size_t>(pair->first)] + right));
      progress.advance(1);
    }
    progress.finish();
    return std::move(tokens_);
  }

 private:
  /// The most frequent characters, ordered by code.
  std::vector<uint32_t> alphabet() const {
    std::map<uint32_t, uint64_t> counts;
    for (const auto& [word, count] : words_)
      for (size_t i = 0; i < word.size();) {
        Char c = char_at(word.data() + i);
        counts[c.code] += count;
        i += c.length;
      }
    std::vector<std::pair<uint64_t, uint32_t>> by_count;
    for (auto [code, count] : counts) by_count.emplace_back(count, code);
    std::stable_sort(by_count.begin(), by_count.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    by_count.resize(std::min(by_count.size(), static_cast<size_t>(options_.limit_alphabet)));
    std::vector<uint32_t> codes;
    for (auto [count, code] : by_count) codes.push_back(code);
    std::sort(codes.begin(), codes.end());
    return codes;
  }

  TokenId add(const std::string& token) {
    auto [known, is_new] = ids_.emplace(token, static_cast<TokenId>(tokens_.size()));
    if (is_new) tokens_.push_back(token);
    return known->second;
  }

  MergeLearner make_learner() {
    std::vector<TokenId> symbols;
    std::vector<size_t> ends;
    std::vector<uint64_t> counts;
    for (const auto& [word, count] : words_) {
      for (size_t i = 0; i < word.size();) {
        size_t length = char_at(word.data() + i).length;
        std::string character = word.substr(i, length);
        if (characters_.contains(character)) symbols.push_back(add(i == 0 ? character : std::string(kInside) + character));
        i += length;
      }
      ends.push_back(symbols.size());
      counts.push_back(count);
    }
    if (static_cast<int64_t>(tokens_.size()) > options_.vocab_size)
      base::input_error(kWordpieceTrainerWhere,
                        {"vocab_size is too small", base::cat(options_.vocab_size),
                         base::cat("at least ", tokens_.size(), ": the special tokens and the characters")});
    return {std::move(symbols), ends, std::move(counts), UINT64_MAX};
  }

  const PieceCounts& words_;
  const WordPieceTrainerOptions& options_;
  std::vector<std::string> tokens_;
  std::map<std::string, TokenId, std::less<>> ids_;
  std::set<std::string, std::less<>> characters_;
};

WordPieceTrainingResult learn_wordpiece(const std::vector<NamedText>& texts, const WordPieceTrainerOptions& options) {
  PieceCounts words = count_pieces(texts, normalizer_json(options), {{"type", "BertPreTokenizer"}});
  if (words.empty()) base::input_error(kWordpieceTrainerWhere, {"the files are empty: there is nothing to train on"});
  WordPieceTrainingResult result;
  for (const NamedText& text : texts) result.bytes += text.text.size();
  result.distinct_words = words.size();
  result.tokens = WordPieceTrainer(words, options).train();
  return result;
}

}  // namespace

void WordPieceTrainerOptions::visit(base::OptionVisitor& v) {
  v.integer("vocab_size", vocab_size, {"tokens in all, special ones included", 8, 1 << 24});
  v.integer("min_frequency", min_frequency, {"a pair must occur at least so often to be merged", 0, 1e15});
  v.integer("limit_alphabet", limit_alphabet, {"so many characters are kept, the most frequent ones", 1, 1 << 21});
  v.boolean("lowercase", lowercase, {"capital letters become small, accents go"});
  v.texts("special_tokens", special_tokens, {"tokens that get the first ids"});
}

WordPieceTrainingResult train_word_piece(const std::vector<std::filesystem::path>& files, const WordPieceTrainerOptions& options) {
  return learn_wordpiece(TrainingFiles(files).texts(), options);
}

WordPieceTrainingResult train_word_piece(std::string_view text, const WordPieceTrainerOptions& options) {
  return learn_wordpiece({{text, "the text"}}, options);
}

void write_tokenizer_folder(const WordPieceTrainingResult& result, const WordPieceTrainerOptions& options,
                            const std::filesystem::path& folder) {
  ModelTables tables;
  for (const std::string& token : result.tokens) tables.vocabulary.add(token, static_cast<TokenId>(tables.vocabulary.size()));
  base::Json special = base::Json::array();
  for (const std::string& token : options.special_tokens)
    special.push_back(special_token_json(tables.vocabulary.find(token), token));
  TokenId cls = tables.vocabulary.find("[CLS]"), sep = tables.vocabulary.find("[SEP]");
  base::Json post = nullptr;
  if (cls >= 0 && sep >= 0) post = {{"type", "BertProcessing"}, {"sep", {"[SEP]", sep}}, {"cls", {"[CLS]", cls}}};
  base::Json document = {{"version", "1.0"},
                         {"truncation", nullptr},
                         {"padding", nullptr},
                         {"added_tokens", special},
                         {"normalizer", normalizer_json(options)},
                         {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
                         {"post_processor", post},
                         {"decoder", {{"type", "WordPiece"}, {"prefix", kInside}, {"cleanup", true}}}};
  base::Json model = {
      {"type", "WordPiece"}, {"unk_token", "[UNK]"}, {"continuing_subword_prefix", kInside}, {"max_input_chars_per_word", 100}};
  TokenizerFolderOptions names;
  names.unk = "[UNK]";
  auto pipeline = build_pipeline(document, model, std::move(tables), "tokenizer.json");
  write_tokenizer_files(*pipeline, names, folder);
}

}  // namespace athanor::text
