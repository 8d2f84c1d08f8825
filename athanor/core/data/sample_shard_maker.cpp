#include "athanor/core/data/sample_shard_maker.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/data/sample_packing.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace {

constexpr size_t kSampleChunkBytes = size_t{8} << 20;

}  // namespace

SampleShardMaker::SampleShardMaker(const SampleShardOptions& options, SampleEncoder encode, base::Progress& progress)
    : encode_(std::move(encode)),
      progress_(progress),
      writer_(options.path, options.codes, options.tokenizer_hash),
      changes_(options.clean, false),
      drops_(options.clean, options.may_drop, false),
      length_(options.length) {}

void SampleShardMaker::begin_file(const RowReader& reader, const SampleMaker& maker, std::string name) {
  reader_ = &reader, maker_ = &maker, name_ = std::move(name);
}

void SampleShardMaker::add(const RawRow& row) {
  progress_.advance(row.text.size());
  chunk_bytes_ += row.text.size();
  chunk_.push_back({std::string(row.text), row.line});
  if (chunk_bytes_ >= kSampleChunkBytes) flush();
}

void SampleShardMaker::flush() {
  const auto n = static_cast<int64_t>(chunk_.size());
  base::parallel_dynamic(n, 16, [&](int64_t begin, int64_t end) {
    std::set<std::string> unfilled;
    for (int64_t i = begin; i < end; ++i) {
      Pending& one = chunk_[i];
      one.sample = maker_->make(reader_->parse({one.text, one.line}), name_, one.line, unfilled);
      one.text = {};
    }
    if (unfilled.empty()) return;
    std::lock_guard lock(mutex_);
    unfilled_.merge(unfilled);
  });
  for (Pending& one : chunk_) {  // in order: of two copies, the first stays
    for_each_text(one.sample, [this](std::string& text) { changes_.clean(text); });
    std::string text = sample_text(one.sample);
    one.kept = drops_.clean(text);
  }
  base::parallel_dynamic(n, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Pending& one = chunk_[i];
      if (one.kept) one.encoded = encode_(one.sample);
      one.sample = {};
    }
  });
  for (Pending& one : chunk_)
    if (one.kept) write(one.encoded);
  chunk_.clear(), chunk_bytes_ = 0;
}

void SampleShardMaker::write(EncodedSample& sample) {
  if (!sample.learned.empty()) sample.learned[0] = 0;  // nothing stands before it
  if (sample.learned_count() == 0) {
    ++without_answer_;
    return;
  }
  if (static_cast<int64_t>(sample.ids.size()) > length_ + 1) {
    sample.cut(length_ + 1);
    if (sample.learned_count() == 0) {
      ++cut_away_;
      return;
    }
    ++cut_;
  }
  codes_.clear();
  for (size_t i = 0; i < sample.ids.size(); ++i) codes_.push_back(sample_code(sample.ids[i], sample.learned[i] != 0));
  writer_.add(codes_, sample.learned_bytes);
  learned_tokens_ += sample.learned_count();
  bytes_ += sample.learned_bytes;
}

void SampleShardMaker::commit() {
  flush();
  writer_.commit();
}

std::vector<std::pair<std::string, int64_t>> SampleShardMaker::counts() const {
  std::vector<std::pair<std::string, int64_t>> all = changes_.counts();
  all.insert(all.end(), drops_.counts().begin(), drops_.counts().end());
  all.emplace_back("cut-to-length", cut_);
  all.emplace_back("answer-cut-away", cut_away_);
  all.emplace_back("no-answer", without_answer_);
  return all;
}

}  // namespace athanor::data
