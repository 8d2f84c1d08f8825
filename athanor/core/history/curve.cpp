#include "athanor/core/history/curve.h"

#include <algorithm>

namespace athanor::history {
namespace {

constexpr int64_t kBlock = 64;          // points
constexpr int64_t kReadAtOnce = 65536;  // points

template <typename Part>
std::vector<Bucket> merge(std::span<const Part> parts, int64_t most) {
  const auto n = static_cast<int64_t>(parts.size());
  most = std::max<int64_t>(1, most);
  const int64_t each = std::max<int64_t>(1, (n + most - 1) / most);
  std::vector<Bucket> buckets;
  buckets.reserve(static_cast<size_t>((n + each - 1) / each));
  for (int64_t i = 0; i < n; ++i) {
    if (i % each == 0) buckets.emplace_back();
    buckets.back().add(parts[static_cast<size_t>(i)]);
  }
  return buckets;
}

}  // namespace

void Bucket::add(const StepValue& point) {
  add(Bucket{point.step, point.step, 1, point.value, point.value, point.value, point.value});
}

void Bucket::add(const Bucket& later) {
  if (count == 0) {
    *this = later;
    return;
  }
  last = later.last, end = later.end;
  min = std::min(min, later.min), max = std::max(max, later.max);
  const int64_t both = count + later.count;
  mean += (later.mean - mean) * (static_cast<double>(later.count) / static_cast<double>(both));
  count = both;
}

std::vector<Bucket> in_buckets(std::span<const StepValue> points, int64_t most) { return merge(points, most); }
std::vector<Bucket> in_buckets(std::span<const Bucket> blocks, int64_t most) { return merge(blocks, most); }

void Curve::refresh(const History& history, int64_t starts) {
  if (starts != starts_) blocks_.clear(), points_ = 0, starts_ = starts;
  while (true) {
    StepRange rest;
    if (!blocks_.empty()) rest.from = blocks_.back().last + 1;
    const std::vector<StepValue> fresh = history.values(run_, metric_, rest, kReadAtOnce);
    for (const StepValue& point : fresh) {
      if (blocks_.empty() || blocks_.back().count == kBlock) blocks_.emplace_back();
      blocks_.back().add(point);
    }
    points_ += static_cast<int64_t>(fresh.size());
    if (static_cast<int64_t>(fresh.size()) < kReadAtOnce) return;
  }
}

std::vector<Bucket> Curve::buckets(const History& history, const StepRange& range, int64_t most) const {
  auto begin = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Bucket& b) { return b.last < range.from; });
  auto end = std::partition_point(begin, blocks_.end(), [&](const Bucket& b) { return b.first <= range.to; });
  const std::span<const Bucket> inside(begin, end);
  if (static_cast<int64_t>(inside.size()) >= most) return in_buckets(inside, most);
  const std::vector<StepValue> points = history.values(run_, metric_, range, (static_cast<int64_t>(inside.size()) + 1) * kBlock);
  return in_buckets(points, most);
}

StepRange Curve::steps_between(double from, double to) const {
  auto begin = std::partition_point(blocks_.begin(), blocks_.end(), [&](const Bucket& b) { return b.max < from; });
  auto end = std::partition_point(begin, blocks_.end(), [&](const Bucket& b) { return b.min <= to; });
  StepRange range;
  if (begin != blocks_.begin() && begin != blocks_.end()) range.from = begin->first;
  if (end != blocks_.end()) range.to = end->first;
  if (begin == blocks_.end() && !blocks_.empty()) range.from = blocks_.back().last + 1;
  return range;
}

}  // namespace athanor::history
