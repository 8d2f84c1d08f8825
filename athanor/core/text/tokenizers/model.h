#pragma once
// The third stage: a word becomes ids.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/core/text/tokenizers/component.h"
#include "athanor/core/text/tokenizers/vocabulary.h"

namespace athanor::text {

/// What one call of encode() works with: caches and scratch memory. Not shared between threads.
class ModelState {
 public:
  virtual ~ModelState() = default;
};

class Model {
 public:
  virtual ~Model() = default;
  virtual std::unique_ptr<ModelState> make_state() const = 0;
  /// Appends the ids of a non-empty word.
  virtual void encode(std::string_view word, ModelState& state, std::vector<TokenId>& ids) const = 0;
  virtual const Vocabulary& vocabulary() const = 0;
  /// A place in the word, at `from` or after it, where it may be cut and its parts encoded one by one; the word's end where there
  /// is none.
  virtual size_t cut_after(std::string_view word, size_t from) const {
    static_cast<void>(from);
    return word.size();
  }
  /// Its part of tokenizer.json, indented by two spaces.
  virtual std::string json() const = 0;
};

/// A model's big tables, which are read apart from the rest of tokenizer.json.
struct ModelTables {
  Vocabulary vocabulary;
  std::vector<Merge> merges = {};          // of BPE, by rank
  std::vector<uint32_t> ranks = {};        // of the merges, where some share one; else empty
  std::vector<double> scores = {};         // of Unigram, by id
  std::vector<TokenId> whole_pieces = {};  // of BPE: found in the text before anything merges, and never merged
};

struct ModelRow : base::Entry {
  std::string_view type;
  enum class Tables { kIds, kMerges, kScores } tables;
  /// `byte_level`: words arrive as plain bytes, the vocabulary is written in stand-ins.
  std::unique_ptr<Model> (*make)(const Component&, ModelTables tables, bool byte_level);
};

std::span<const ModelRow> models();

}  // namespace athanor::text
