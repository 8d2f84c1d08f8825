#pragma once
// Rows -> cleaned and encoded samples, some MiB of rows at a time: on all threads where the order does not matter.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/render.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/source.h"

namespace athanor::data {

struct StreamedSample {
  std::string row;  // as the file has it, until it is parsed; then all that the sample says
  int64_t line = 0;
  int64_t index = 0;  // from 0, over all files
  Sample sample = {};
  bool kept = true;  // false: a step of cleaning left it out
  std::vector<EncodedSample> encoded = {};
};

class SampleStream {
 public:
  /// Fills `encoded`; several threads call it at once.
  using Encode = std::function<void(StreamedSample& sample)>;
  /// Gets every sample, also those that are left out, in order.
  using Take = std::function<void(StreamedSample& sample)>;
  SampleStream(const CleaningOptions& clean, bool may_drop, Encode encode, Take take);

  /// Files are read again: what was seen is forgotten, and what cleaning does is not reported any more.
  void begin_pass(int64_t pass);
  /// The rows that follow are of this file, until end_file().
  void begin_file(const RowReader& reader, const SampleMaker& maker, std::string name);
  void add(const RawRow& row);
  void end_file() { flush(); }

  const Cleaner& changes() const { return changes_; }
  const Cleaner& drops() const { return drops_; }
  /// Names of placeholders that nothing was given for.
  const std::set<std::string>& unfilled() const { return unfilled_; }

 private:
  void flush();
  void make_samples();
  void clean();

  CleaningOptions clean_;
  bool may_drop_;
  Cleaner changes_, drops_;
  std::optional<Cleaner> later_changes_, later_drops_;  // of passes after the first
  int64_t pass_ = 0;
  Encode encode_;
  Take take_;
  const RowReader* reader_ = nullptr;
  const SampleMaker* maker_ = nullptr;
  std::string name_;
  std::vector<StreamedSample> chunk_;
  size_t chunk_bytes_ = 0;
  int64_t count_ = 0;
  std::mutex mutex_;
  std::set<std::string> unfilled_;
};

}  // namespace athanor::data
