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
  /// Its part of tokenizer.json, indented by two spaces.
  virtual std::string json() const = 0;
};

/// A model's big tables, which are read apart from the rest of tokenizer.json.
struct ModelTables {
  Vocabulary vocabulary;
  std::vector<Merge> merges;  // by rank
};

struct ModelRow : base::Entry {
  std::string_view type;
  /// `byte_level`: words arrive as plain bytes, the vocabulary is written in stand-ins.
  std::unique_ptr<Model> (*make)(const Component&, ModelTables tables, bool byte_level);
};

std::span<const ModelRow> models();

}  // namespace athanor::text
