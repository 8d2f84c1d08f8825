#pragma once
// Rows -> samples -> a shard: what is longer than a row of training is cut, what then has nothing to learn is left out.

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/progress.h"
#include "athanor/core/data/prepare.h"
#include "athanor/core/data/sample_stream.h"
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
  SampleShardMaker(const SampleShardOptions& options, const SampleEncoder& encode, base::Progress& progress);
  /// The files are read for the pass-th time, from 0; see AugmentOptions.
  void begin_pass(int64_t pass);
  /// The rows that follow are of this file, until end_file().
  void begin_file(const RowReader& reader, const SampleMaker& maker, std::string name);
  void add(const RawRow& row);
  void end_file() { stream_.end_file(); }
  void commit();

  int64_t samples() const { return writer_.documents(); }
  int64_t tokens() const { return writer_.tokens(); }
  int64_t learned_tokens() const { return learned_tokens_; }
  int64_t bytes() const { return bytes_; }
  /// Adds what was changed, cut and left out to the report.
  void report(DataReport& report) const;
  /// Names of placeholders that nothing was given for.
  const std::set<std::string>& unfilled() const { return stream_.unfilled(); }

 private:
  void write(EncodedSample& sample);

  base::Progress& progress_;
  TokenShardWriter writer_;
  SampleStream stream_;
  int64_t length_, pass_ = 0;
  std::vector<int64_t> passes_;
  std::vector<int32_t> codes_;
  int64_t cut_ = 0, cut_away_ = 0, without_answer_ = 0, learned_tokens_ = 0, bytes_ = 0;
};

}  // namespace athanor::data
