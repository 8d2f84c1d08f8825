#include "athanor/core/data/sample_stream.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/threads.h"

namespace athanor::data {
namespace {

constexpr size_t kSampleChunkBytes = size_t{4} << 20;
constexpr int64_t kSampleGrain = 16;

CleaningOptions for_samples(CleaningOptions clean) {
  clean.boilerplate = false;  // what many samples share is a system prompt
  return clean;
}

}  // namespace

SampleStream::SampleStream(const CleaningOptions& clean, bool may_drop, Encode encode, Take take)
    : clean_(for_samples(clean)),
      may_drop_(may_drop),
      changes_(clean_, false),
      drops_(clean_, may_drop, false),
      encode_(std::move(encode)),
      take_(std::move(take)) {}

void SampleStream::begin_pass(int64_t pass) {
  pass_ = pass;
  if (pass == 0) return;
  later_changes_.emplace(clean_, false);
  later_drops_.emplace(clean_, may_drop_, false);
}

void SampleStream::begin_file(const RowReader& reader, const SampleMaker& maker, std::string name) {
  reader_ = &reader, maker_ = &maker, name_ = std::move(name);
}

void SampleStream::add(const RawRow& row) {
  chunk_bytes_ += row.text.size();
  chunk_.push_back({std::string(row.text), row.line, count_++});
  if (chunk_bytes_ >= kSampleChunkBytes) flush();
}

void SampleStream::make_samples() {
  base::parallel_dynamic(static_cast<int64_t>(chunk_.size()), kSampleGrain, [&](int64_t begin, int64_t end) {
    std::set<std::string> unfilled;
    for (int64_t i = begin; i < end; ++i) {
      StreamedSample& one = chunk_[i];
      one.sample = maker_->make(reader_->parse({one.row, one.line}), name_, one.line, unfilled, pass_);
      one.row = {};
    }
    if (unfilled.empty()) return;
    std::lock_guard lock(mutex_);
    unfilled_.merge(unfilled);
  });
}

void SampleStream::clean() {
  std::vector<std::string*> texts;
  for (StreamedSample& one : chunk_) for_each_text(one.sample, [&](std::string& text) { texts.push_back(&text); });
  std::vector<uint8_t> kept(texts.size());
  (later_changes_ ? *later_changes_ : changes_).clean(texts, kept);
  base::parallel_dynamic(static_cast<int64_t>(chunk_.size()), kSampleGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) chunk_[i].row = sample_text(chunk_[i].sample);
  });
  texts.clear();
  for (StreamedSample& one : chunk_) texts.push_back(&one.row);
  kept.resize(texts.size());
  (later_drops_ ? *later_drops_ : drops_).clean(texts, kept);
  for (size_t i = 0; i < chunk_.size(); ++i) chunk_[i].kept = kept[i] != 0;
}

void SampleStream::flush() {
  make_samples();
  clean();
  base::parallel_dynamic(static_cast<int64_t>(chunk_.size()), kSampleGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) encode_(chunk_[i]);
  });
  for (StreamedSample& one : chunk_) take_(one);
  chunk_.clear(), chunk_bytes_ = 0;
}

}  // namespace athanor::data
