// Leaves out a document whose 64-bit hash was seen before (Lee et al. 2022, "Deduplicating training data makes language models
// better": exact copies alone are a good part of web text). A false match has odds of about n^2 / 2^65: 1 in 37 million for a
// million documents.

#include <memory>
#include <unordered_set>

#include "athanor/core/base/hash.h"
#include "athanor/core/data/cleaning.h"

namespace athanor::data {

CleaningStep make_drop_duplicates() {
  auto seen = std::make_shared<std::unordered_set<uint64_t>>();
  return [seen](std::string& text) { return seen->insert(base::hash64(text)).second ? Cleaned::kSame : Cleaned::kDropped; };
}

}  // namespace athanor::data
