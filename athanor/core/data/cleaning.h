#pragma once
// What is done to documents before they are tokenized. Every step is a named switch and counts what it changed; nothing happens
// silently. One step is one file in cleaning/ and one row in catalog.cpp; they run in the rows' order.

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/options.h"

namespace athanor::data {

struct CleaningOptions {
  bool repair_utf8 = true;
  bool newlines = true;
  bool controls = true;
  bool nfc = false;
  bool c4_lines = false;
  bool drop_empty = true;
  bool drop_duplicates = true;
  bool gopher_quality = false;
  bool gopher_repetition = false;
  bool drop_near_duplicates = false;
  void visit(base::OptionVisitor& v);
};

enum class Cleaned { kSame, kChanged, kDropped };
/// One step at work; it may remember what it saw (duplicates).
using CleaningStep = std::function<Cleaned(std::string& document)>;

struct CleaningMethod : base::Entry {
  bool CleaningOptions::*enabled;
  bool drops;  // takes whole documents away, instead of changing text
  CleaningStep (*make)();
};

std::span<const CleaningMethod> cleaning_methods();

class Cleaner {
 public:
  /// `may_drop` false: only the steps that change text run. Held-out text is measured whole. `may_change` false: only those that
  /// drop.
  Cleaner(const CleaningOptions& options, bool may_drop, bool may_change = true);
  /// Changes the document in place; false where it is to be left out.
  bool clean(std::string& document);
  /// (step, documents it changed or dropped), in order.
  const std::vector<std::pair<std::string, int64_t>>& counts() const { return counts_; }

 private:
  std::vector<CleaningStep> steps_;
  std::vector<std::pair<std::string, int64_t>> counts_;
};

}  // namespace athanor::data
