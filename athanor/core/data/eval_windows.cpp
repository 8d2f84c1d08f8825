#include "athanor/core/data/eval_windows.h"

#include <algorithm>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::data {

EvalWindows::EvalWindows(const TokenShard& shard, const EvalOptions& options) : shard_(shard), options_(options) {
  const int64_t T = options.length;
  if (options.overlap < 0 || options.overlap >= T)
    base::input_error("data.eval",
                      {"overlap must leave room for a new token", base::cat(options.overlap), base::cat("0 to ", T - 1)});
  int64_t filled = 0;
  for (int64_t d = 0; d < shard.documents(); ++d) {
    const int64_t n = shard.document_tokens(d);
    for (int64_t scored = 0; scored < n;) {
      int64_t first = scored == 0 ? 0 : scored - options.overlap;
      int64_t count = std::min(T, n - first);
      if (filled + count > T) rows_.push_back(static_cast<int64_t>(windows_.size())), filled = 0;
      windows_.push_back({d, first, count, scored});
      filled += count;
      scored = first + count;
    }
  }
  if (!windows_.empty()) rows_.push_back(static_cast<int64_t>(windows_.size()));
}

int64_t EvalWindows::batches() const { return (static_cast<int64_t>(rows_.size()) - 1 + options_.batch - 1) / options_.batch; }

Batch EvalWindows::batch(int64_t index) const {
  int64_t first = index * options_.batch, rows = static_cast<int64_t>(rows_.size()) - 1;
  int64_t count = std::min(options_.batch, rows - first);
  Batch out = make_batch(count, options_.length, options_.start);
  for (int64_t b = 0; b < count; ++b) {
    int64_t t = 0;
    for (int64_t w = rows_[first + b]; w < rows_[first + b + 1]; ++w) {
      fill(windows_[w], b * options_.length + t, out);
      t += windows_[w].count;
    }
    for (int64_t i = t; i < options_.length; ++i) {  // the rest of the row is a segment of its own
      out.positions[b * options_.length + i] = static_cast<int32_t>(i - t);
      out.row_start[b * options_.length + i] = static_cast<int32_t>(t);
    }
  }
  return out;
}

void EvalWindows::fill(const Window& window, int64_t place, Batch& out) const {
  const int64_t at_start = window.first == 0;
  shard_.copy(window.document, window.first - !at_start, window.count - at_start, &out.ids[place + at_start]);
  int64_t skipped = window.scored_from - window.first;
  shard_.copy(window.document, window.scored_from, window.count - skipped, &out.targets[place + skipped]);
  for (int64_t i = 0; i < window.count; ++i) {
    out.positions[place + i] = static_cast<int32_t>(i);
    out.row_start[place + i] = static_cast<int32_t>(place % options_.length);
  }
}

}  // namespace athanor::data
