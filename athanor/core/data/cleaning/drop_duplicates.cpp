// Leaves out a document whose 64-bit hash was seen before (Lee et al. 2022, "Deduplicating training data makes language models
// better": exact copies alone are a good part of web text). A false match has odds of about n^2 / 2^65: 1 in 37 million for a
// million documents.
//
// Memory: 10 to 21 bytes a document that is kept, so that the default of 512 MiB lasts for 29 million documents.

#include <memory>

#include "athanor/core/base/hash.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/hash_counts.h"

namespace athanor::data {

CleaningStep make_drop_duplicates(const CleaningOptions& options) {
  auto seen = std::make_shared<HashCounts>("drop-duplicates", options.memory_mb);
  return {[](std::string_view text) { return Marks{base::hash64(text)}; },
          [seen](std::string&, const Marks& marks) { return seen->add(marks[0]) == 1 ? Cleaned::kSame : Cleaned::kDropped; }};
}

}  // namespace athanor::data
