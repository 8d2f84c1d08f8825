#pragma once
// What is done to documents before they are tokenized. Every step is a named switch, counts what it changed and keeps the first
// examples; nothing happens silently. One step is one file in cleaning/ and one row in catalog.cpp; they run in the rows' order.

#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <string_view>
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
  bool boilerplate = false;
  bool drop_empty = true;
  bool drop_duplicates = true;
  bool gopher_quality = false;
  bool gopher_repetition = false;
  bool drop_near_duplicates = false;
  int64_t memory_mb = 512;  // that a step may take to remember what it saw
  void visit(base::OptionVisitor& v);
};

enum class Cleaned { kSame, kChanged, kDropped };
/// What a step that remembers needs of a document: hashes.
using Marks = std::vector<uint64_t>;

/// One step at work.
class CleaningStep {
 public:
  using Look = std::function<Marks(std::string_view document)>;
  using Judge = std::function<Cleaned(std::string& document, const Marks& marks)>;
  /// It sees one document and remembers nothing: several threads may call it at once.
  template <std::invocable<std::string&> Change>
  CleaningStep(Change change) : judge_([change](std::string& document, const Marks&) { return change(document); }) {}  // NOLINT
  /// It remembers (duplicates): several threads may look at once; it judges one document after the other, in their order.
  CleaningStep(Look look, Judge judge) : look_(std::move(look)), judge_(std::move(judge)) {}

  bool remembers() const { return look_ != nullptr; }
  Marks look(std::string_view document) const { return look_ ? look_(document) : Marks(); }
  Cleaned judge(std::string& document, const Marks& marks) const { return judge_(document, marks); }
  Cleaned operator()(std::string& document) const { return judge(document, look(document)); }

 private:
  Look look_;
  Judge judge_;
};

struct CleaningMethod : base::Entry {
  bool CleaningOptions::*enabled;
  bool drops;  // takes whole documents away, instead of changing text
  CleaningStep (*make)(const CleaningOptions& options);
};

std::span<const CleaningMethod> cleaning_methods();

/// What one step did.
struct StepReport {
  std::string step;
  int64_t count = 0;                  // documents that it changed or dropped
  int64_t bytes = 0;                  // by which they became shorter
  std::vector<std::string> examples;  // the first ones, cut and escaped: what was removed, or the document's beginning
  bool operator==(const StepReport&) const = default;
};

class Cleaner {
 public:
  /// `may_drop` false: only the steps that change text run. Held-out text is measured whole. `may_change` false: only those that
  /// drop.
  Cleaner(const CleaningOptions& options, bool may_drop, bool may_change = true);
  /// Changes the document in place; false where it is to be left out.
  bool clean(std::string& document);
  /// The same for one document after the other, on all threads; kept[i] becomes 0 where the i-th is to be left out.
  void clean(std::span<std::string* const> documents, std::span<uint8_t> kept);
  /// In the steps' order.
  const std::vector<StepReport>& report() const { return report_; }
  /// (step, documents it changed or dropped)
  std::vector<std::pair<std::string, int64_t>> counts() const;

 private:
  std::vector<CleaningStep> steps_;
  std::vector<StepReport> report_;
};

/// `text` in one line that any terminal and any JSON takes: at most `limit` bytes of it, line breaks and what is no UTF-8 escaped.
std::string escaped_excerpt(std::string_view text, size_t limit);

}  // namespace athanor::data
