#pragma once
// What generation needs of a model: scores for the next token after a sequence, or after several. The engine implements it; tests
// use tables.

#include <cstdint>
#include <memory>
#include <span>

#include "athanor/core/text/tokenizer.h"

namespace athanor::generate {

class ScoreSource {
 public:
  virtual ~ScoreSource() = default;
  /// Appends `ids` (at least one) to the sequence and returns the scores (logits) [V] after the last of them.
  /// The span is valid until the next call and may be changed in place. input_error where the context is full.
  virtual std::span<float> append(std::span<const text::TokenId> ids) = 0;
  virtual int64_t vocab_size() const = 0;
  /// Tokens that still fit.
  virtual int64_t room() const = 0;
};

/// Several sequences of one model that branch off one another: beams, candidates.
class BranchingSource {
 public:
  virtual ~BranchingSource() = default;
  /// Forgets everything and begins one sequence with `prompt`: the scores [V] after it. They may be changed in place and are valid
  /// until the next call, as step's are.
  virtual std::span<float> begin(std::span<const text::TokenId> prompt) = 0;
  /// Sequence i becomes what sequence parents[i] was, followed by ids[i]: scores [parents.size(), V]. The numbers of the sequences
  /// are those of the last call (0 after begin), and there may be more or fewer of them than before.
  virtual std::span<float> step(std::span<const int64_t> parents, std::span<const text::TokenId> ids) = 0;
  /// The hidden states [n, C] behind the last call's scores, after the final norm: of every token of the prompt, then of every
  /// sequence's last.
  virtual std::span<const float> states() const = 0;
  virtual int64_t vocab_size() const = 0;
  /// Tokens that still fit in every sequence.
  virtual int64_t room() const = 0;
};

/// One sequence whose layers can be read early.
class LayeredSource {
 public:
  virtual ~LayeredSource() = default;
  /// As ScoreSource::append: scores [layers.size() + 1, V] of the head on the output of each of `layers` (0 is the embedding,
  /// i the output of layer i), after the final norm where `norm` says so, and the model's own as the last row.
  virtual std::span<float> append(std::span<const text::TokenId> ids, std::span<const int64_t> layers, bool norm) = 0;
  virtual int64_t layer_count() const = 0;
  /// The head is the token embedding, so what the embedding alone predicts is the token itself.
  virtual bool tied_head() const = 0;
  virtual int64_t vocab_size() const = 0;
  virtual int64_t room() const = 0;
};

/// A model from which sequences are opened, as a method of decoding needs them.
class ModelScores {
 public:
  virtual ~ModelScores() = default;
  virtual std::unique_ptr<ScoreSource> sequence() const = 0;
  virtual std::unique_ptr<BranchingSource> branches() const = 0;
  virtual std::unique_ptr<LayeredSource> layered() const = 0;
};

}  // namespace athanor::generate
