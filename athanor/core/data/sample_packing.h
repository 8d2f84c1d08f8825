#pragma once
// Encoded samples -> rows of T positions for tuning. batch(index) is a pure function of (seed, index), as PackedSampler's is: there
// is no state to save.
//
// A shard of samples is a TokenShard whose entries are 2 id + (1 where the token is learned); see sample_code. A sample of n tokens
// takes n - 1 positions: inputs s_1 .. s_{n-1}, targets s_2 .. s_n, those that are not learned without loss.
//
// One epoch: samples in a random order, in windows of 4096; each window is packed by best fit decreasing (every sample, the longest
// first, goes into the fullest row that has room for it), and the rows of the epoch are shuffled. Attention never crosses samples.
// Rows differ from epoch to epoch, and their number may.

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "athanor/core/data/batch.h"
#include "athanor/core/data/token_shard.h"

namespace athanor::data {

inline int32_t sample_code(int32_t id, bool learned) { return 2 * id + learned; }

struct SamplePackingOptions {
  int64_t length = 256;  // T
  int64_t batch = 8;     // B
  uint64_t seed = 0;
  bool pack = true;                  // false: a row holds one sample
  bool shuffle = true;               // false: the shard's order, for evaluation
  std::vector<int64_t> passes = {};  // where each pass over the samples ends; epoch e reads pass e modulo their number; empty: one
};

class SampleSampler {
 public:
  /// The shard must outlive the sampler; input_error where it holds no sample. Samples must have at most T + 1 tokens.
  SampleSampler(const TokenShard& shard, const SamplePackingOptions& options);

  /// The index-th batch of the endless run, [B, T].
  Batch batch(int64_t index) const;
  /// Rows [first, first + count) of the first epoch, for evaluation.
  Batch first_epoch_rows(int64_t first, int64_t count) const;
  int64_t rows_in_first_epoch() const { return static_cast<int64_t>(epoch(0)->begins.size()) - 1; }
  /// Part of the first epoch's positions that belong to a sample.
  double filled() const;

 private:
  struct Epoch {
    int64_t number = -1;
    std::vector<int64_t> samples;    // those of the first row, then of the second ...
    std::vector<int64_t> begins{0};  // row r holds samples[begins[r]] .. samples[begins[r + 1] - 1]
  };
  int64_t positions(int64_t sample) const { return shard_.document_tokens(sample) - 1; }
  std::shared_ptr<const Epoch> epoch(int64_t number) const;
  std::shared_ptr<const Epoch> make_epoch(int64_t number) const;
  void pack_window(std::span<const int64_t> samples, std::vector<std::vector<int64_t>>& rows) const;
  /// The epoch of the run's row g, and the row in it.
  std::pair<std::shared_ptr<const Epoch>, int64_t> find_row(int64_t g) const;
  void fill_row(const Epoch& epoch, int64_t row, int64_t b, Batch& out) const;

  const TokenShard& shard_;
  SamplePackingOptions options_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Epoch> current_;
  mutable std::vector<int64_t> firsts_{0};  // the run's row with which each epoch begins, as far as it is known
};

}  // namespace athanor::data
