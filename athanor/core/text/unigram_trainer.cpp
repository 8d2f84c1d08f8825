// From many candidates (seed_pieces.h) down to the vocabulary:
//   E: for every word, how likely each piece is to be part of it, over all ways to cut the word (forward-backward).
//   M: a piece's score is digamma(its expected count) - digamma(their sum); pieces expected less than 0.5 times go.
//   Prune: for each piece, how much likelihood is lost if its best alternative takes its place; the quarter that loses least goes.
//   Until 1.1 times the vocabulary is left; then the best, and all characters, stay.
// Checked against the `tokenizers` library's UnigramTrainer: the same pieces, scores to 1e-6.

#include "athanor/core/text/unigram_trainer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "athanor/core/text/trainers/tokenizer_folder.h"
#include "athanor/core/text/trainers/unigram_lattice.h"

namespace athanor::text {

namespace {

constexpr std::string_view kUnigramTrainerWhere = "text.train";
constexpr double kLeastExpected = 0.5;

base::Json metaspace() { return {{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "always"}, {"split", true}}; }

/// The asymptotic series, after the argument is shifted to 7 or more.
double digamma(double x) {
  double result = 0;
  for (; x < 7; ++x) result -= 1 / x;
  x -= 0.5;
  double y = 1 / (x * x), y2 = y * y;
  return result + std::log(x) + y / 24 - 7.0 / 960 * y2 + 31.0 / 8064 * y2 * y - 127.0 / 30720 * y2 * y2;
}

class UnigramTrainer {
 public:
  UnigramTrainer(const PieceCounts& words, const UnigramTrainerOptions& options) : words_(words), options_(options) {
    check_room();
    pieces_ = {{"", std::nan("")}};  // the unknown piece
    for (ScoredPiece& piece :
         make_seed_pieces(words, static_cast<size_t>(options.seed_size), static_cast<size_t>(options.max_piece_length)))
      pieces_.push_back(std::move(piece));
  }

  std::vector<ScoredPiece> train() {
    auto wanted = static_cast<size_t>(options_.vocab_size * 11 / 10);
    base::Progress progress("pruning pieces", pieces_.size(), "pieces");
    for (;;) {
      for (int64_t i = 0; i < options_.sub_iterations; ++i) step();
      if (base::stop_requested()) base::input_error(kUnigramTrainerWhere, {"stopped; nothing was written"});
      if (pieces_.size() <= wanted) break;
      size_t before = pieces_.size();
      prune(std::max(wanted, static_cast<size_t>(static_cast<double>(before) * options_.shrinking_factor)));
      if (pieces_.size() == before) break;
      progress.advance(before - pieces_.size());
    }
    progress.finish();
    return finish();
  }

 private:
  std::set<std::string, std::less<>> all_characters() const {
    std::set<std::string, std::less<>> characters;
    for (const auto& [word, count] : words_)
      for (size_t i = 0; i < word.size();) {
        size_t length = char_at(word.data() + i).length;
        characters.emplace(word.substr(i, length));
        i += length;
      }
    return characters;
  }

  void check_room() const {
    size_t needed = all_characters().size() + options_.special_tokens.size();
    if (needed <= static_cast<size_t>(options_.vocab_size)) return;
    base::input_error(kUnigramTrainerWhere, {"vocab_size is too small", base::cat(options_.vocab_size),
                                             base::cat("at least ", needed, ": the characters and special tokens")});
  }

  void step() {
    UnigramLattice lattice(pieces_);
    std::vector<double> expected(pieces_.size());
    for (const auto& [word, count] : words_) {
      lattice.set(word);
      lattice.add_expected(static_cast<double>(count), expected);
    }
    std::vector<ScoredPiece> kept = {pieces_[0]};
    double sum = 0;
    for (size_t id = 1; id < pieces_.size(); ++id) {
      if (expected[id] < kLeastExpected) continue;
      kept.push_back({std::move(pieces_[id].text), digamma(expected[id])});
      sum += expected[id];
    }
    for (size_t id = 1; id < kept.size(); ++id) kept[id].score -= digamma(sum);
    pieces_ = std::move(kept);
  }

  struct Use {
    std::vector<double> in_best;   // how often a piece is part of the best way
    std::vector<double> in_words;  // the same, each word's count once for every occurrence in it
    double words = 0;
  };

  Use count_use(UnigramLattice& lattice) const {
    Use use{std::vector<double>(pieces_.size()), {}, 0};
    for (const auto& [word, count] : words_) {
      lattice.set(word);
      use.words += static_cast<double>(count);
      for (int32_t id : lattice.best()) use.in_best[static_cast<size_t>(id)] += static_cast<double>(count);
    }
    return use;
  }

  void prune(size_t size) {
    UnigramLattice lattice(pieces_);
    Use use = count_use(lattice);
    double sum = 0;
    for (double count : use.in_best) sum += count;
    std::vector<ScoredPiece> kept = {pieces_[0]};
    std::vector<std::pair<double, size_t>> losses;
    for (size_t id = 1; id < pieces_.size(); ++id) {
      lattice.set(pieces_[id].text);
      auto ways = lattice.best_two();
      bool whole = ways.size() == 1 || ways[0].size() == 1;  // the best way is the piece itself
      double count = use.in_best[id];
      if (count == 0 && !whole) continue;
      if (ways.size() == 1 || !whole) {
        kept.push_back(pieces_[id]);
      } else if (count > 0) {
        double after = std::log(sum + count * static_cast<double>(ways[1].size() - 1)), alternative = 0;
        for (int32_t part : ways[1]) alternative += std::log(use.in_best[static_cast<size_t>(part)] + count) - after;
        losses.emplace_back(count / use.words * (std::log(count) - std::log(sum) - alternative), id);
      }
    }
    std::stable_sort(losses.begin(), losses.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto [loss, id] : losses) {
      if (kept.size() >= size) break;
      kept.push_back(pieces_[id]);
    }
    pieces_ = std::move(kept);
  }

  /// All characters, then the pieces as they come, ordered by score.
  std::vector<ScoredPiece> finish() {
    std::set<std::string, std::less<>> characters = all_characters();
    size_t room = static_cast<size_t>(options_.vocab_size) - options_.special_tokens.size();
    double smallest = std::numeric_limits<double>::infinity(), extra = 0;
    for (size_t id = 1; id < pieces_.size(); ++id) smallest = std::min(smallest, pieces_[id].score);
    std::vector<ScoredPiece> out;
    std::set<std::string, std::less<>> taken(options_.special_tokens.begin(), options_.special_tokens.end());
    for (const std::string& character : characters) {
      auto known =
          std::find_if(pieces_.begin() + 1, pieces_.end(), [&](const ScoredPiece& piece) { return piece.text == character; });
      out.push_back({character, known != pieces_.end() ? known->score : smallest + extra});
      if (known == pieces_.end()) extra += 0.0001;
      taken.insert(character);
    }
    for (size_t id = 1; id < pieces_.size() && out.size() < room; ++id)
      if (taken.insert(pieces_[id].text).second) out.push_back(pieces_[id]);
    std::stable_sort(out.begin(), out.end(), [](const ScoredPiece& a, const ScoredPiece& b) { return a.score > b.score; });
    return out;
  }

  const PieceCounts& words_;
  const UnigramTrainerOptions& options_;
  std::vector<ScoredPiece> pieces_;
};

UnigramTrainingResult learn_unigram(const std::vector<NamedText>& texts, const UnigramTrainerOptions& options) {
  if (options.special_tokens.empty())
    base::input_error(kUnigramTrainerWhere, {"no special tokens", "", "at least the unknown token"});
  PieceCounts words = count_pieces(texts, nullptr, metaspace());
  UnigramTrainingResult result;
  for (const NamedText& text : texts) result.bytes += text.text.size();
  if (words.empty()) base::input_error(kUnigramTrainerWhere, {"the files are empty: there is nothing to train on"});
  result.distinct_words = words.size();
  for (const std::string& token : options.special_tokens) result.pieces.push_back({token, 0});
  for (ScoredPiece& piece : UnigramTrainer(words, options).train()) result.pieces.push_back(std::move(piece));
  return result;
}

}  // namespace

void UnigramTrainerOptions::visit(base::OptionVisitor& v) {
  v.integer("vocab_size", vocab_size, {"pieces in all, special tokens included", 8, 1 << 24});
  v.integer("seed_size", seed_size, {"candidates to begin with", 8, 1 << 26});
  v.number("shrinking_factor", shrinking_factor, {"what is left of the pieces after each pruning", 0.1, 0.99});
  v.integer("sub_iterations", sub_iterations, {"rounds of estimation between prunings", 1, 100});
  v.integer("max_piece_length", max_piece_length, {"longest piece in characters", 1, 1024});
  v.texts("special_tokens", special_tokens, {"tokens that get the first ids; the first one is for what is unknown"});
}

UnigramTrainingResult train_unigram(const std::vector<std::filesystem::path>& files, const UnigramTrainerOptions& options) {
  return learn_unigram(TrainingFiles(files).texts(), options);
}

UnigramTrainingResult train_unigram(std::string_view text, const UnigramTrainerOptions& options) {
  return learn_unigram({{text, "the text"}}, options);
}

void write_tokenizer_folder(const UnigramTrainingResult& result, const UnigramTrainerOptions& options,
                            const std::filesystem::path& folder) {
  ModelTables tables;
  for (const ScoredPiece& piece : result.pieces) {
    tables.vocabulary.add(piece.text, static_cast<TokenId>(tables.scores.size()));
    tables.scores.push_back(piece.score);
  }
  TokenizerFolderOptions names;
  names.unk = options.special_tokens[0];
  base::Json special = base::Json::array();
  for (const std::string& token : options.special_tokens) {
    special.push_back(special_token_json(tables.vocabulary.find(token), token));
    if (token == "<s>") names.bos = token;
    if (token == "</s>") names.eos = token;
  }
  base::Json document = {{"version", "1.0"},          {"truncation", nullptr}, {"padding", nullptr},
                         {"added_tokens", special},   {"normalizer", nullptr}, {"pre_tokenizer", metaspace()},
                         {"post_processor", nullptr}, {"decoder", metaspace()}};
  auto pipeline = build_pipeline(document, {{"type", "Unigram"}, {"unk_id", 0}}, std::move(tables), "tokenizer.json");
  write_tokenizer_files(*pipeline, names, folder);
}

}  // namespace athanor::text
