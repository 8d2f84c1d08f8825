// Split: cuts at the matches of a text or of a regular expression. Expressions that scanners/ knows run there.

#include <algorithm>

#include "athanor/core/text/tokenizers/pre_tokenizers/split_parts.h"
#include "athanor/core/text/tokenizers/regex.h"
#include "athanor/core/text/tokenizers/scanners/scanner.h"

namespace athanor::text {

namespace {

/// Joins a match with the part before it, unless that is a match too. Walks backwards for the part after it.
template <typename Iterator>
std::vector<SplitPart> merge_matches(const Iterator& begin, const Iterator& end) {
  std::vector<SplitPart> merged;
  bool previous = false;
  for (Iterator part = begin; part != end; ++part) {
    if (part->is_match && !previous && !merged.empty()) {
      merged.back() = {std::min(merged.back().begin, part->begin), std::max(merged.back().end, part->end), false};
    } else {
      merged.push_back(*part);
    }
    previous = part->is_match;
  }
  return merged;
}

std::vector<SplitPart> join_equal(const std::vector<SplitPart>& parts) {
  std::vector<SplitPart> joined;
  for (const SplitPart& part : parts) {
    if (!joined.empty() && joined.back().is_match == part.is_match) {
      joined.back().end = part.end;
    } else {
      joined.push_back(part);
    }
  }
  return joined;
}

class Split final : public PreTokenizer {
 public:
  Split(Regex regex, SplitBehavior behavior, bool invert) : regex_(std::move(regex)), behavior_(behavior), invert_(invert) {}

  void split(std::string_view text, bool at_start, WordSink& words) const override {
    std::vector<SplitPart> parts;
    regex_.parts(text, [&](size_t begin, size_t end, bool is_match) { parts.push_back({begin, end, is_match != invert_}); });
    send_parts(text, at_start, std::move(parts), behavior_, words);
  }

 private:
  Regex regex_;
  SplitBehavior behavior_;
  bool invert_;
};

class ScannedSplit final : public PreTokenizer {
 public:
  explicit ScannedSplit(Scan scan) : scan_(scan) {}

  void split(std::string_view text, bool at_start, WordSink& words) const override {
    for (size_t begin = 0; begin < text.size();) {
      size_t end = scan_(text, begin);
      words.word(text.substr(begin, end - begin), at_start && begin == 0);
      begin = end;
    }
  }
  LineEnd line_end() const override { return LineEnd::kBorder; }

 private:
  Scan scan_;
};

}  // namespace

SplitBehavior split_behavior(const Component& c) {
  std::string name = c.text("behavior");
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  c.fail("\"behavior\" is wrong", "\"" + name.substr(0, 60) + "\"",
         "Isolated, Removed, MergedWithPrevious, MergedWithNext or Contiguous");
}

void send_parts(std::string_view text, bool at_start, std::vector<SplitPart> parts, SplitBehavior behavior, WordSink& words) {
  if (behavior == SplitBehavior::kMergedWithPrevious) parts = merge_matches(parts.begin(), parts.end());
  if (behavior == SplitBehavior::kMergedWithNext) {
    parts = merge_matches(parts.rbegin(), parts.rend());
    std::reverse(parts.begin(), parts.end());
  }
  if (behavior == SplitBehavior::kContiguous) parts = join_equal(parts);
  for (const SplitPart& part : parts) {
    if (part.begin == part.end || (behavior == SplitBehavior::kRemoved && part.is_match)) continue;
    words.word(text.substr(part.begin, part.end - part.begin), at_start && part.begin == 0);
  }
}

std::unique_ptr<PreTokenizer> make_split(const Component& c) {
  SplitBehavior behavior = split_behavior(c);
  bool invert = c.boolean("invert");
  std::string regex = c.pattern("pattern");
  // a known pattern leaves nothing between its matches, so that these come to the same
  bool every_match = behavior == SplitBehavior::kIsolated || (behavior == SplitBehavior::kRemoved && invert);
  Scan scan = every_match ? find_scanner(regex) : nullptr;
  if (scan) return std::make_unique<ScannedSplit>(scan);
  return std::make_unique<Split>(Regex(regex, c.place() + ".pattern"), behavior, invert);
}

}  // namespace athanor::text
