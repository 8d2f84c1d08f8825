// Half a cosine (Loshchilov and Hutter 2017, "SGDR", without restarts): m + (1 - m) (1 + cos(pi p)) / 2 for progress p, floor m.

#include <cmath>
#include <numbers>

#include "athanor/learn/train/schedule.h"

namespace athanor::train {

double cosine_shape(double progress, const ScheduleOptions& options) {
  return options.min_lr + (1 - options.min_lr) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace athanor::train
