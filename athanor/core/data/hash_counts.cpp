#include "athanor/core/data/hash_counts.h"

#include <utility>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::data {

size_t HashCounts::place_of(uint64_t hash) const {
  const size_t mask = hashes_.size() - 1;
  size_t at = hash & mask;
  while (counts_[at] != 0 && hashes_[at] != hash) at = (at + 1) & mask;
  return at;
}

void HashCounts::grow() {
  const size_t places = hashes_.empty() ? 1024 : 2 * hashes_.size();
  // while it grows, the old table is there too
  if ((places + hashes_.size()) * 9 > static_cast<size_t>(memory_mb_) << 20) out_of_cleaning_memory(step_, size_, memory_mb_);
  const auto hashes = std::exchange(hashes_, std::vector<uint64_t>(places));
  const auto counts = std::exchange(counts_, std::vector<uint8_t>(places));
  for (size_t i = 0; i < hashes.size(); ++i) {
    if (counts[i] == 0) continue;
    const size_t place = place_of(hashes[i]);
    hashes_[place] = hashes[i], counts_[place] = counts[i];
  }
}

uint8_t HashCounts::add(uint64_t hash) {
  if (hashes_.empty()) grow();
  size_t place = place_of(hash);
  if (counts_[place] == 0) {
    if (8 * static_cast<size_t>(size_ + 1) > 7 * hashes_.size()) grow(), place = place_of(hash);
    hashes_[place] = hash, ++size_;
  }
  if (counts_[place] < 255) ++counts_[place];
  return counts_[place];
}

void out_of_cleaning_memory(const std::string& step, int64_t held, int64_t memory_mb) {
  base::input_error("data.clean",
                    {base::cat(step, " needs more memory than data.clean.memory_mb"),
                     base::cat(held, " hashes held, ", memory_mb, " MiB"), "", "a larger data.clean.memory_mb, or the step off"});
}

}  // namespace athanor::data
