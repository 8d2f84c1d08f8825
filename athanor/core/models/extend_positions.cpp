#include "athanor/core/models/extend_positions.h"

#include <algorithm>
#include <cmath>

#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"

namespace athanor::models {
namespace {

/// Rows of tables of floats.
class Rows {
 public:
  Rows(std::span<const float> table, int64_t hidden) : table_(table), hidden_(static_cast<size_t>(hidden)) {}
  std::span<const float> operator[](int64_t row) const { return table_.subspan(static_cast<size_t>(row) * hidden_, hidden_); }
  int64_t count() const { return static_cast<int64_t>(table_.size() / hidden_); }

 private:
  std::span<const float> table_;
  size_t hidden_;
};

std::vector<float> interpolated(const Rows& old, int64_t positions) {
  std::vector<float> out;
  for (int64_t j = 0; j < positions; ++j) {
    const double place = static_cast<double>(j) * static_cast<double>(old.count() - 1) / static_cast<double>(positions - 1);
    const auto below = static_cast<int64_t>(place), above = std::min(below + 1, old.count() - 1);
    const auto part = static_cast<float>(place - static_cast<double>(below));
    std::ranges::transform(old[below], old[above], std::back_inserter(out),
                           [part](float a, float b) { return a + part * (b - a); });
  }
  return out;
}

std::vector<float> copied(const Rows& old, int64_t positions) {
  std::vector<float> out;
  for (int64_t j = 0; j < positions; ++j) std::ranges::copy(old[j % old.count()], std::back_inserter(out));
  return out;
}

std::vector<float> drawn(std::span<const float> table, int64_t numbers, double init_std, uint64_t seed) {
  std::vector<float> out(table.begin(), table.end());
  base::Philox random(seed, 0, base::Purpose::kInit);
  while (static_cast<int64_t>(out.size()) < numbers) out.push_back(static_cast<float>(init_std) * random.normal());
  return out;
}

}  // namespace

std::vector<const char*> new_position_kinds() { return {"interpolate", "copy", "random"}; }

std::vector<float> extended_positions(std::span<const float> table, int64_t hidden, int64_t positions, std::string_view kind,
                                      double init_std, uint64_t seed) {
  const Rows old(table, hidden);
  base::expect(old.count() > 0 && positions > old.count(), "models.positions", "a table can only grow");
  if (kind == "interpolate") return interpolated(old, positions);
  if (kind == "copy") return copied(old, positions);
  if (kind == "random") return drawn(table, positions * hidden, init_std, seed);
  base::bug("models.positions", {"unknown kind", std::string(kind)});
}

}  // namespace athanor::models
