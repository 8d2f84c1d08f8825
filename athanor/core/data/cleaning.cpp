#include "athanor/core/data/cleaning.h"

#include <algorithm>

#include "athanor/core/base/threads.h"
#include "athanor/core/base/utf8.h"

namespace athanor::data {
namespace {

constexpr size_t kExamples = 3, kExampleBytes = 100;
constexpr int64_t kCleaningGrain = 16;

/// What one step did to one document.
struct StepOutcome {
  Cleaned cleaned = Cleaned::kSame;
  int64_t bytes = 0;
  std::string example;
};

/// Where two texts part: what the first has between their common beginning and end, or what the second has there.
std::string removed_part(std::string_view before, std::string_view after) {
  const size_t shorter = std::min(before.size(), after.size());
  size_t front = 0, back = 0;
  while (front < shorter && before[front] == after[front]) ++front;
  while (back < shorter - front && before[before.size() - 1 - back] == after[after.size() - 1 - back]) ++back;
  const std::string_view gone = before.substr(front, before.size() - front - back);
  if (!gone.empty()) return escaped_excerpt(gone, kExampleBytes);
  return "+ " + escaped_excerpt(after.substr(front, after.size() - front - back), kExampleBytes);
}

/// `wants_example`: it costs a copy of the document.
StepOutcome apply(const CleaningStep& step, std::string& document, const Marks& marks, bool wants_example) {
  StepOutcome outcome;
  const std::string before = wants_example ? document : std::string();
  const size_t size = document.size();
  outcome.cleaned = step.judge(document, marks);
  if (outcome.cleaned == Cleaned::kSame) return outcome;
  const bool dropped = outcome.cleaned == Cleaned::kDropped;
  outcome.bytes = static_cast<int64_t>(size) - (dropped ? 0 : static_cast<int64_t>(document.size()));
  if (wants_example) outcome.example = dropped ? escaped_excerpt(before, kExampleBytes) : removed_part(before, document);
  return outcome;
}

/// Whether the document goes on.
bool note(StepOutcome& outcome, StepReport& report) {
  if (outcome.cleaned == Cleaned::kSame) return true;
  ++report.count, report.bytes += outcome.bytes;
  if (report.examples.size() < kExamples && !outcome.example.empty()) report.examples.push_back(std::move(outcome.example));
  return outcome.cleaned != Cleaned::kDropped;
}

}  // namespace

void CleaningOptions::visit(base::OptionVisitor& v) {
  v.boolean("repair_utf8", repair_utf8, {"replace bytes that are not UTF-8 by U+FFFD"});
  v.boolean("newlines", newlines, {"turn \\r\\n and \\r into \\n"});
  v.boolean("controls", controls, {"remove control characters other than tab and newline"});
  v.boolean("nfc", nfc, {"compose characters (Unicode NFC)"});
  v.boolean("c4_lines", c4_lines, {"remove lines that are no sentences: menus, buttons, notices (C4)"});
  v.boolean("boilerplate", boilerplate, {"documents: remove lines that ten earlier documents have too"});
  v.boolean("drop_empty", drop_empty, {"leave out documents of white space only"});
  v.boolean("drop_duplicates", drop_duplicates, {"leave out exact copies of an earlier document"});
  v.boolean("gopher_quality", gopher_quality, {"leave out what does not look like English prose (Gopher's quality rules)"});
  v.boolean("gopher_repetition", gopher_repetition, {"leave out what repeats itself (Gopher's repetition rules)"});
  v.boolean("drop_near_duplicates", drop_near_duplicates, {"leave out what is nearly an earlier document (MinHash, 0.8)"});
  v.integer("memory_mb", memory_mb, {"MiB that each step may take to remember what it saw; past that, an error", 1, 1e6});
}

Cleaner::Cleaner(const CleaningOptions& options, bool may_drop, bool may_change) {
  for (const CleaningMethod& method : cleaning_methods()) {
    if (!(options.*method.enabled) || (method.drops ? !may_drop : !may_change)) continue;
    steps_.push_back(method.make(options));
    report_.push_back({method.name, 0, 0, {}});
  }
}

bool Cleaner::clean(std::string& document) {
  std::string* const one[] = {&document};
  uint8_t kept = 1;
  clean(one, std::span(&kept, 1));
  return kept != 0;
}

void Cleaner::clean(std::span<std::string* const> documents, std::span<uint8_t> kept) {
  std::fill(kept.begin(), kept.end(), 1);
  const auto n = static_cast<int64_t>(documents.size());
  std::vector<Marks> marks(documents.size());
  std::vector<StepOutcome> outcomes(documents.size());
  for (size_t s = 0; s < steps_.size(); ++s) {
    const CleaningStep& step = steps_[s];
    const bool remembers = step.remembers(), wants_examples = report_[s].examples.size() < kExamples;
    base::parallel_dynamic(n, kCleaningGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (!kept[i]) continue;
        if (remembers)
          marks[i] = step.look(*documents[i]);
        else
          outcomes[i] = apply(step, *documents[i], {}, wants_examples);
      }
    });
    for (int64_t i = 0; i < n; ++i) {
      if (!kept[i]) continue;
      if (remembers) outcomes[i] = apply(step, *documents[i], marks[i], report_[s].examples.size() < kExamples);
      kept[i] = note(outcomes[i], report_[s]);
    }
  }
}

std::vector<std::pair<std::string, int64_t>> Cleaner::counts() const {
  std::vector<std::pair<std::string, int64_t>> all;
  for (const StepReport& step : report_) all.emplace_back(step.step, step.count);
  return all;
}

std::string escaped_excerpt(std::string_view text, size_t limit) {
  const bool cut = text.size() > limit;
  if (cut) {
    text = text.substr(0, limit);
    for (int back = 0; back < 3 && !text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80; ++back)
      text.remove_suffix(1);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.remove_suffix(1);
  }
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t bad = std::min(base::invalid_utf8(text.substr(at)), text.size() - at);
    for (char c : text.substr(at, bad)) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\n' || c == '\r' || c == '\t')
        out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
      else if (byte < 0x20 || byte == 0x7F)
        out += std::string("\\x") + "0123456789ABCDEF"[byte >> 4] + "0123456789ABCDEF"[byte & 15];
      else
        out += c;
    }
    at += bad;
    if (at == text.size()) break;
    const auto byte = static_cast<unsigned char>(text[at++]);
    out += std::string("\\x") + "0123456789ABCDEF"[byte >> 4] + "0123456789ABCDEF"[byte & 15];
  }
  return cut ? out + "..." : out;
}

}  // namespace athanor::data
