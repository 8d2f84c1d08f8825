#pragma once
// Documents -> rows of T tokens for training. batch(index) is a pure function of (seed, index): there is no state to save, and a
// resumed run sees what the uninterrupted one would have seen.
//
// One epoch: documents in a random order, each as [start] t1 .. tn with targets t1 .. tn [end] (n + 1 positions), one after the
// other. That stream is closed to a ring and cut into rows of T from a random point, so that a corpus of one long text is cut
// elsewhere in each epoch; the rows are then shuffled. Every target comes exactly once per epoch. The last row is filled up with
// positions without target.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "athanor/core/data/batch.h"
#include "athanor/core/data/token_shard.h"

namespace athanor::text {
class Tokenizer;
}

namespace athanor::data {

/// What stands before the first token of a document, and what its last token predicts.
struct Delimiters {
  int32_t start = 0, end = 0;
};
/// end = eos, start = bos or else eos (`<|endoftext|>` is both). input_error where the tokenizer names neither.
Delimiters delimiters_of(const text::Tokenizer& tokenizer);

struct PackingOptions {
  int64_t length = 256;  // T
  int64_t batch = 8;     // B
  uint64_t seed = 0;
  bool cross_documents = false;  // the plain GPT way: attention and positions run through the whole row
  Delimiters delimiters;
};

class PackedSampler {
 public:
  /// The shard must outlive the sampler; input_error where it holds no document.
  PackedSampler(const TokenShard& shard, const PackingOptions& options);

  /// The index-th batch of the endless run, [B, T]: rows index * B .. index * B + B - 1, where row g belongs to epoch g /
  /// rows_per_epoch().
  Batch batch(int64_t index) const;
  int64_t rows_per_epoch() const { return rows_; }
  /// Positions with a target in one epoch: tokens + documents.
  int64_t targets_per_epoch() const { return positions_; }

 private:
  /// Order of one epoch.
  struct Epoch {
    int64_t number;
    std::vector<int64_t> documents;  // in their order
    std::vector<int64_t> begins;     // stream position where each begins; one more at the end
    std::vector<int64_t> rows;       // the row of the ring that is drawn i-th
    int64_t offset;                  // where the ring is cut first
  };
  std::shared_ptr<const Epoch> epoch(int64_t number) const;
  std::shared_ptr<const Epoch> make_epoch(int64_t number) const;
  void fill_row(const Epoch& epoch, int64_t row, int64_t b, Batch& out) const;

  const TokenShard& shard_;
  PackingOptions options_;
  int64_t positions_ = 0, rows_ = 0;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Epoch> current_;
};

}  // namespace athanor::data
