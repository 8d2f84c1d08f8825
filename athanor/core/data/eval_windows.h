#pragma once
// Held-out text as rows whose targets cover every token of every document exactly once, so that a loss over all of them is the loss
// of the text. A document longer than T is seen through windows that share `overlap` positions: the shared ones are context without
// target. Short documents share a row and do not see each other.

#include <cstdint>
#include <vector>

#include "athanor/core/data/batch.h"
#include "athanor/core/data/packing.h"
#include "athanor/core/data/token_shard.h"

namespace athanor::data {

struct EvalOptions {
  int64_t length = 256;  // T
  int64_t batch = 8;     // B
  int64_t overlap =
      0;              // 0 <= overlap < T; a token then has at least `overlap` tokens before it, at T / (T - overlap) times the work
  int32_t start = 0;  // what predicts a document's first token
};

class EvalWindows {
 public:
  /// The shard must outlive this.
  EvalWindows(const TokenShard& shard, const EvalOptions& options);
  int64_t batches() const;
  /// [b, T] with b <= B (the last batch may be smaller).
  Batch batch(int64_t index) const;
  int64_t tokens() const { return shard_.tokens(); }
  int64_t text_bytes() const { return shard_.text_bytes(); }

 private:
  struct Window {
    int64_t document, first, count, scored_from;  // positions [first, first + count) of the document, targets from scored_from on
  };
  void fill(const Window& window, int64_t place, Batch& out) const;

  const TokenShard& shard_;
  EvalOptions options_;
  std::vector<Window> windows_;
  std::vector<int64_t> rows_{0};  // windows [rows_[r], rows_[r + 1]) share row r
};

}  // namespace athanor::data
