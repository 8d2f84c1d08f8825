#include "athanor/core/data/sample_shard_maker.h"

#include "athanor/core/data/prepared.h"
#include "athanor/core/data/sample_packing.h"

namespace athanor::data {

SampleShardMaker::SampleShardMaker(const SampleShardOptions& options, const SampleEncoder& encode, base::Progress& progress)
    : progress_(progress),
      writer_(options.path, options.codes, options.tokenizer_hash),
      stream_(
          options.clean, options.may_drop,
          [encode](StreamedSample& one) {
            if (one.kept) one.encoded.push_back(encode(one.sample));
          },
          [this](StreamedSample& one) {
            if (one.kept) write(one.encoded[0]);
          }),
      length_(options.length) {}

void SampleShardMaker::begin_pass(int64_t pass) {
  if (pass > 0 && writer_.documents() > (passes_.empty() ? 0 : passes_.back())) passes_.push_back(writer_.documents());
  pass_ = pass;
  stream_.begin_pass(pass);
}

void SampleShardMaker::begin_file(const RowReader& reader, const SampleMaker& maker, std::string name) {
  stream_.begin_file(reader, maker, std::move(name));
}

void SampleShardMaker::add(const RawRow& row) {
  progress_.advance(row.text.size());
  stream_.add(row);
}

void SampleShardMaker::write(EncodedSample& sample) {
  if (!sample.learned.empty()) sample.learned[0] = 0;  // nothing stands before it
  if (sample.learned_count() == 0) {
    without_answer_ += pass_ == 0;
    return;
  }
  if (static_cast<int64_t>(sample.ids.size()) > length_ + 1) {
    sample.cut(length_ + 1);
    if (sample.learned_count() == 0) {
      cut_away_ += pass_ == 0;
      return;
    }
    cut_ += pass_ == 0;
  }
  codes_.clear();
  for (size_t i = 0; i < sample.ids.size(); ++i) codes_.push_back(sample_code(sample.ids[i], sample.learned[i] != 0));
  writer_.add(codes_, sample.learned_bytes);
  learned_tokens_ += sample.learned_count();
  bytes_ += sample.learned_bytes;
}

void SampleShardMaker::commit() {
  stream_.end_file();
  if (pass_ > 0) begin_pass(pass_);
  writer_.commit();
}

void SampleShardMaker::report(DataReport& report) const {
  report_cleaning(stream_.changes(), report);
  report_cleaning(stream_.drops(), report);
  if (passes_.size() > 1) report.passes = passes_;
  report.cleaning.emplace_back("cut-to-length", cut_);
  report.cleaning.emplace_back("answer-cut-away", cut_away_);
  report.cleaning.emplace_back("no-answer", without_answer_);
}

}  // namespace athanor::data
