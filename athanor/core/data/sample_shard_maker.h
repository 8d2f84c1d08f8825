#pragma once
// Rows -> samples -> a shard: parsed, cleaned, rendered and tokenized piece by piece, in parallel where the order does not matter.

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "athanor/core/base/progress.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/render.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/source.h"
#include "athanor/core/data/token_shard.h"

namespace athanor::data {

struct SampleShardOptions {
  std::filesystem::path path;
  CleaningOptions clean;
  bool may_drop = true;  // duplicates and empty ones; what holds no answer is always left out
  int64_t length = 256;
  int64_t codes = 0;  // entries are below this
  uint64_t tokenizer_hash = 0;
};

using SampleEncoder = std::function<EncodedSample(const Sample& sample)>;  // several threads call it at once

class SampleShardMaker {
 public:
  SampleShardMaker(const SampleShardOptions& options, SampleEncoder encode, base::Progress& progress);
  /// The rows that follow are of this file, until end_file().
  void begin_file(const RowReader& reader, const SampleMaker& maker, std::string name);
  void add(const RawRow& row);
  void end_file() { flush(); }
  void commit();

  int64_t samples() const { return writer_.documents(); }
  int64_t tokens() const { return writer_.tokens(); }
  int64_t learned_tokens() const { return learned_tokens_; }
  int64_t bytes() const { return bytes_; }
  /// (what, how many): the steps of cleaning, and what was cut or left out.
  std::vector<std::pair<std::string, int64_t>> counts() const;
  /// Names of placeholders that nothing was given for.
  const std::set<std::string>& unfilled() const { return unfilled_; }

 private:
  struct Pending {
    std::string text;
    int64_t line;
    Sample sample = {};
    bool kept = true;
    EncodedSample encoded = {};
  };
  void flush();
  void write(EncodedSample& sample);

  SampleEncoder encode_;
  base::Progress& progress_;
  TokenShardWriter writer_;
  Cleaner changes_, drops_;
  int64_t length_;
  const RowReader* reader_ = nullptr;
  const SampleMaker* maker_ = nullptr;
  std::string name_;
  std::vector<Pending> chunk_;
  size_t chunk_bytes_ = 0;
  std::mutex mutex_;
  std::set<std::string> unfilled_;
  std::vector<int32_t> codes_;
  int64_t cut_ = 0, cut_away_ = 0, without_answer_ = 0, learned_tokens_ = 0, bytes_ = 0;
};

}  // namespace athanor::data
