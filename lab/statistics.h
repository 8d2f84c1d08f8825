#pragma once
// What a few seeds say. Three runs are few, so intervals are Student's: with three seeds 2.5 standard deviations to either side.

#include <span>
#include <string>

namespace athanor::lab {

struct Estimate {
  double mean = 0, sd = 0;  // sd of one seed; 0 for one value
  double margin = 0;        // the 95 % interval of the mean is mean +- margin; infinite for one value
  size_t count = 0;
};

Estimate estimate(std::span<const double> values);
/// a - b, seed by seed: what both have from the seed falls out.
Estimate difference(std::span<const double> a, std::span<const double> b);

enum class Verdict { kConfirmed, kRefuted, kUndecided };
const char* verdict_text(Verdict verdict);

/// "The value is above `least`": confirmed where the whole interval is, refuted where the whole interval is below.
Verdict judge_above(const Estimate& value, double least);
/// "The value is within `tolerance` of `wanted`": confirmed where the whole interval is, refuted where the whole interval is
/// outside.
Verdict judge_near(const Estimate& value, double wanted, double tolerance);
/// Both must hold: refuted where one is, confirmed where both are.
Verdict both(Verdict a, Verdict b);

/// "1.234 ± 0.056": the mean and the margin; the mean alone where the margin is not finite.
std::string estimate_text(const Estimate& value, int decimals);

}  // namespace athanor::lab
