// Warm-up, stable, decay (Hu et al. 2024, "MiniCPM"): the peak until the last part d of the run, then a fall to the floor m. The
// fall is 1 - sqrt(x), x from 0 to 1 inside it, which Hägele et al. 2024 ("Scaling laws and compute-optimal training beyond fixed
// training durations") found best. A run can be extended from before its decay.

#include <cmath>

#include "athanor/learn/train/schedule.h"

namespace athanor::train {

double wsd_shape(double progress, const ScheduleOptions& options) {
  const double begin = 1 - options.decay;
  if (progress <= begin || options.decay <= 0) return 1;
  const double inside = (progress - begin) / options.decay;
  return options.min_lr + (1 - options.min_lr) * (1 - std::sqrt(inside));
}

}  // namespace athanor::train
