#include "app/web/curve_cache.h"

#include <algorithm>
#include <vector>

namespace athanor::app {
namespace {

constexpr size_t kCurveBytes = size_t{256} << 20;

}  // namespace

const history::Curve& CurveCache::get(const history::History& history, const history::Run& run, const std::string& metric) {
  if (curves_.size() % 64 == 63) make_room();
  Kept& kept = curves_.try_emplace({run.id, metric}, Kept{history::Curve(run.id, metric)}).first->second;
  kept.used = ++clock_;
  kept.curve.refresh(history, run.starts);
  return kept.curve;
}

void CurveCache::make_room() {
  size_t bytes = 0;
  for (const auto& [key, kept] : curves_) bytes += kept.curve.bytes();
  if (bytes < kCurveBytes) return;
  std::vector<int64_t> used;
  for (const auto& [key, kept] : curves_) used.push_back(kept.used);
  std::nth_element(used.begin(), used.begin() + static_cast<ptrdiff_t>(used.size() / 2), used.end());
  const int64_t old = used[used.size() / 2];
  std::erase_if(curves_, [&](const auto& one) { return one.second.used <= old; });
}

}  // namespace athanor::app
