#include "athanor/core/data/packing.h"

#include <algorithm>

#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/data/order.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
Delimiters delimiters_of(const text::Tokenizer& tokenizer) {
  auto bos = tokenizer.bos(), eos = tokenizer.eos();
  if (!bos && !eos)
    base::input_error("data.packing", {"the tokenizer names no end-of-text token", "", "eos_token in tokenizer_config.json"});
  return {bos ? *bos : *eos, eos ? *eos : *bos};
}

PackedSampler::PackedSampler(const TokenShard& shard, const PackingOptions& options) : shard_(shard), options_(options) {
  if (shard.documents() == 0) base::input_error("data.packing", {"no document to train on"});
  base::expect(options.length > 0 && options.batch > 0, "data.packing", "batch and length must be positive");
  positions_ = shard.tokens() + shard.documents();
  rows_ = (positions_ + options.length - 1) / options.length;
}

std::shared_ptr<const PackedSampler::Epoch> PackedSampler::make_epoch(int64_t number) const {
  base::Philox random(options_.seed, static_cast<uint64_t>(number), base::Purpose::kDataOrder);
  auto made = std::make_shared<Epoch>();
  made->number = number;
  made->documents = permutation(shard_.documents(), random);
  made->begins.reserve(made->documents.size() + 1);
  int64_t position = 0;
  for (int64_t document : made->documents) {
    made->begins.push_back(position);
    position += shard_.document_tokens(document) + 1;
  }
  made->begins.push_back(position);
  made->offset = static_cast<int64_t>(random.below(static_cast<uint64_t>(positions_)));
  made->rows = permutation(rows_, random);
  return made;
}

std::shared_ptr<const PackedSampler::Epoch> PackedSampler::epoch(int64_t number) const {
  std::lock_guard lock(mutex_);
  if (!current_ || current_->number != number) current_ = make_epoch(number);
  return current_;
}

Batch PackedSampler::batch(int64_t index) const {
  Batch out = make_batch(options_.batch, options_.length, options_.delimiters.start);
  for (int64_t b = 0; b < options_.batch; ++b) {
    int64_t row = index * options_.batch + b;
    auto order = epoch(row / rows_);
    fill_row(*order, order->rows[row % rows_], b, out);
  }
  return out;
}

void PackedSampler::fill_row(const Epoch& epoch, int64_t row, int64_t b, Batch& out) const {
  const int64_t T = options_.length, base = b * T;
  const int64_t used = std::min(T, positions_ - row * T);  // less than T in the ring's last row
  int64_t at = (epoch.offset + row * T) % positions_;
  int64_t place = std::upper_bound(epoch.begins.begin(), epoch.begins.end(), at) - epoch.begins.begin() - 1;
  for (int64_t t = 0; t < T;) {
    int64_t run = T - t;
    if (t < used) {
      int64_t document = epoch.documents[place], k = at - epoch.begins[place], n = shard_.document_tokens(document);
      run = std::min(used - t, n + 1 - k);
      int32_t* ids = &out.ids[base + t];
      int32_t* targets = &out.targets[base + t];
      ids[0] = options_.delimiters.start;
      shard_.copy(document, std::max<int64_t>(k - 1, 0), run - (k == 0), ids + (k == 0));
      shard_.copy(document, k, std::min(run, n - k), targets);
      if (k + run == n + 1) targets[run - 1] = options_.delimiters.end;
      at += run;
      if (at == positions_) at = 0;
      if (k + run == n + 1) place = (place + 1) % shard_.documents();
    }
    for (int64_t i = t; i < t + run; ++i) {
      out.positions[base + i] = static_cast<int32_t>(options_.cross_documents ? i : i - t);
      out.row_start[base + i] = static_cast<int32_t>(options_.cross_documents ? 0 : t);
    }
    t += run;
  }
}

}  // namespace athanor::data
