#include "lab/statistics.h"

#include <cmath>
#include <vector>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::lab {
namespace {

/// The 97.5 % point of Student's t with so many degrees of freedom.
double student(size_t freedom) {
  constexpr double kPoints[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086};
  return freedom <= std::size(kPoints) ? kPoints[freedom - 1] : 1.960 + 2.6 / static_cast<double>(freedom);
}

}  // namespace

Estimate estimate(std::span<const double> values) {
  Estimate e;
  e.count = values.size();
  base::expect(e.count > 0, "lab.statistics", "an estimate of no values");
  const auto n = static_cast<double>(e.count);
  for (double value : values) e.mean += value / n;
  if (e.count == 1) {
    e.margin = INFINITY;
    return e;
  }
  double squares = 0;
  for (double value : values) squares += (value - e.mean) * (value - e.mean);
  e.sd = std::sqrt(squares / (n - 1));
  e.margin = student(e.count - 1) * e.sd / std::sqrt(n);
  return e;
}

Estimate difference(std::span<const double> a, std::span<const double> b) {
  base::expect(a.size() == b.size(), "lab.statistics", "a difference of unequal numbers of seeds");
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  return estimate(differences);
}

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kConfirmed:
      return "confirmed";
    case Verdict::kRefuted:
      return "refuted";
    default:
      return "undecided";
  }
}

Verdict judge_above(const Estimate& value, double least) {
  if (value.mean - value.margin > least) return Verdict::kConfirmed;
  return value.mean + value.margin < least ? Verdict::kRefuted : Verdict::kUndecided;
}

Verdict judge_near(const Estimate& value, double wanted, double tolerance) {
  const double away = std::abs(value.mean - wanted);
  if (away + value.margin <= tolerance) return Verdict::kConfirmed;
  return away - value.margin > tolerance ? Verdict::kRefuted : Verdict::kUndecided;
}

Verdict both(Verdict a, Verdict b) {
  if (a == Verdict::kRefuted || b == Verdict::kRefuted) return Verdict::kRefuted;
  return a == Verdict::kConfirmed ? b : a;
}

std::string estimate_text(const Estimate& value, int decimals) {
  const std::string mean = base::fixed(value.mean, decimals);
  return std::isfinite(value.margin) ? base::cat(mean, " ± ", base::fixed(value.margin, decimals)) : mean;
}

}  // namespace athanor::lab
