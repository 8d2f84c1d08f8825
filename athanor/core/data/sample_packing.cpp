#include "athanor/core/data/sample_packing.h"

#include <algorithm>
#include <map>
#include <utility>

#include "athanor/core/base/error.h"
#include "athanor/core/data/order.h"

namespace athanor::data {
namespace {

constexpr int64_t kWindow = 4096;

}  // namespace

SampleSampler::SampleSampler(const TokenShard& shard, const SamplePackingOptions& options) : shard_(shard), options_(options) {
  base::expect(options.length > 0 && options.batch > 0, "data.packing", "batch and length must be positive");
  if (shard.documents() == 0) base::input_error("data.packing", {"no sample to train on"});
  int64_t end = 0;
  for (int64_t next : options.passes) base::expect(next > std::exchange(end, next), "data.packing", "a pass holds samples");
  base::expect(options.passes.empty() || end == shard.documents(), "data.packing", "passes hold all samples");
  for (int64_t s = 0; s < shard.documents(); ++s)
    base::expect(positions(s) >= 1 && positions(s) <= options.length, "data.packing", "a sample must have 2 to T + 1 tokens");
}

void SampleSampler::pack_window(std::span<const int64_t> samples, std::vector<std::vector<int64_t>>& rows) const {
  std::vector<int64_t> order(samples.begin(), samples.end());
  if (!options_.pack) {
    for (int64_t sample : order) rows.push_back({sample});
    return;
  }
  std::stable_sort(order.begin(), order.end(), [this](int64_t a, int64_t b) { return positions(a) > positions(b); });
  std::multimap<int64_t, size_t> room;  // what is left -> row
  for (int64_t sample : order) {
    const int64_t need = positions(sample);
    auto found = room.lower_bound(need);
    int64_t left = options_.length;
    size_t row = rows.size();
    if (found == room.end()) {
      rows.emplace_back();
    } else {
      left = found->first, row = found->second;
      room.erase(found);
    }
    rows[row].push_back(sample);
    if (left > need) room.emplace(left - need, row);
  }
}

std::shared_ptr<const SampleSampler::Epoch> SampleSampler::make_epoch(int64_t number) const {
  base::Philox random(options_.seed, static_cast<uint64_t>(number), base::Purpose::kDataOrder);
  const std::vector<int64_t>& ends = options_.passes;
  const size_t pass = ends.empty() ? 0 : static_cast<size_t>(number) % ends.size();
  const int64_t first = pass == 0 ? 0 : ends[pass - 1], count = (ends.empty() ? shard_.documents() : ends[pass]) - first;
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  if (options_.shuffle) order = permutation(count, random);
  for (int64_t& sample : order) sample += first;
  std::vector<std::vector<int64_t>> rows;
  for (size_t begin = 0; begin < order.size(); begin += kWindow)
    pack_window(std::span(order).subspan(begin, std::min<size_t>(kWindow, order.size() - begin)), rows);
  std::vector<int64_t> drawn(rows.size());
  std::iota(drawn.begin(), drawn.end(), 0);
  if (options_.shuffle) drawn = permutation(static_cast<int64_t>(rows.size()), random);
  auto made = std::make_shared<Epoch>();
  made->number = number;
  for (int64_t row : drawn) {
    made->samples.insert(made->samples.end(), rows[row].begin(), rows[row].end());
    made->begins.push_back(static_cast<int64_t>(made->samples.size()));
  }
  return made;
}

std::shared_ptr<const SampleSampler::Epoch> SampleSampler::epoch(int64_t number) const {
  std::lock_guard lock(mutex_);
  if (!current_ || current_->number != number) current_ = make_epoch(number);
  return current_;
}

std::pair<std::shared_ptr<const SampleSampler::Epoch>, int64_t> SampleSampler::find_row(int64_t g) const {
  int64_t number = 0, first = 0;
  {
    std::lock_guard lock(mutex_);
    while (firsts_.back() <= g) {  // how many rows an epoch has shows when it is made
      auto made = make_epoch(static_cast<int64_t>(firsts_.size()) - 1);
      firsts_.push_back(firsts_.back() + static_cast<int64_t>(made->begins.size()) - 1);
      current_ = std::move(made);
    }
    number = std::upper_bound(firsts_.begin(), firsts_.end(), g) - firsts_.begin() - 1;
    first = firsts_[number];
  }
  return {epoch(number), g - first};
}

Batch SampleSampler::batch(int64_t index) const {
  Batch out = make_batch(options_.batch, options_.length, 0);
  for (int64_t b = 0; b < options_.batch; ++b) {
    const auto [epoch, row] = find_row(index * options_.batch + b);
    fill_row(*epoch, row, b, out);
  }
  return out;
}

Batch SampleSampler::first_epoch_rows(int64_t first, int64_t count) const {
  Batch out = make_batch(count, options_.length, 0);
  const auto rows = epoch(0);
  for (int64_t b = 0; b < count; ++b) fill_row(*rows, first + b, b, out);
  return out;
}

double SampleSampler::filled() const {
  int64_t used = 0;
  for (int64_t sample : epoch(0)->samples) used += positions(sample);
  return static_cast<double>(used) / static_cast<double>(rows_in_first_epoch() * options_.length);
}

void SampleSampler::fill_row(const Epoch& epoch, int64_t row, int64_t b, Batch& out) const {
  const int64_t T = options_.length;
  std::vector<int32_t> codes;
  int64_t t = 0;
  auto place = [&](int64_t count) {  // a segment of its own, from t on
    for (int64_t i = 0; i < count; ++i) {
      out.positions[b * T + t + i] = static_cast<int32_t>(i);
      out.row_start[b * T + t + i] = static_cast<int32_t>(t);
    }
    t += count;
  };
  for (int64_t k = epoch.begins[row]; k < epoch.begins[row + 1]; ++k) {
    const int64_t sample = epoch.samples[k], n = positions(sample);
    codes.resize(static_cast<size_t>(n) + 1);
    shard_.copy(sample, 0, n + 1, codes.data());
    for (int64_t i = 0; i < n; ++i) {
      out.ids[b * T + t + i] = codes[i] / 2;
      if (codes[i + 1] % 2 == 1) out.targets[b * T + t + i] = codes[i + 1] / 2;
    }
    place(n);
  }
  place(T - t);
}

}  // namespace athanor::data
