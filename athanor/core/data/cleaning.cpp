#include "athanor/core/data/cleaning.h"

namespace athanor::data {

void CleaningOptions::visit(base::OptionVisitor& v) {
  v.boolean("repair_utf8", repair_utf8, {"replace bytes that are not UTF-8 by U+FFFD"});
  v.boolean("newlines", newlines, {"turn \\r\\n and \\r into \\n"});
  v.boolean("controls", controls, {"remove control characters other than tab and newline"});
  v.boolean("nfc", nfc, {"compose characters (Unicode NFC)"});
  v.boolean("c4_lines", c4_lines, {"remove lines that are no sentences: menus, buttons, notices (C4)"});
  v.boolean("drop_empty", drop_empty, {"leave out documents of white space only"});
  v.boolean("drop_duplicates", drop_duplicates, {"leave out exact copies of an earlier document"});
  v.boolean("gopher_quality", gopher_quality, {"leave out what does not look like English prose (Gopher's quality rules)"});
  v.boolean("gopher_repetition", gopher_repetition, {"leave out what repeats itself (Gopher's repetition rules)"});
  v.boolean("drop_near_duplicates", drop_near_duplicates, {"leave out what is nearly an earlier document (MinHash, 0.8)"});
}

Cleaner::Cleaner(const CleaningOptions& options, bool may_drop, bool may_change) {
  for (const CleaningMethod& method : cleaning_methods()) {
    if (!(options.*method.enabled) || (method.drops ? !may_drop : !may_change)) continue;
    steps_.push_back(method.make());
    counts_.emplace_back(method.name, 0);
  }
}

bool Cleaner::clean(std::string& document) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    Cleaned outcome = steps_[i](document);
    if (outcome != Cleaned::kSame) ++counts_[i].second;
    if (outcome == Cleaned::kDropped) return false;
  }
  return true;
}

}  // namespace athanor::data
