// Falls with the square root of the step, as in Vaswani et al. 2017 ("Attention is all you need", section 5.3): at step s after a
// warm-up of w steps, sqrt(w / s), but not below the floor. Where the fall ends does not depend on the length of the run, so that a
// run can go on for as long as one likes. A run without warm-up falls as if its first hundredth had been one.

#include <algorithm>
#include <cmath>

#include "athanor/learn/train/schedule.h"

namespace athanor::train {

double inverse_sqrt_shape(double progress, const ScheduleOptions& options) {
  const double warm = options.warmup > 0 ? options.warmup : 0.01;
  return std::max(options.min_lr, std::sqrt(warm / (warm + progress * (1 - warm))));
}

}  // namespace athanor::train
