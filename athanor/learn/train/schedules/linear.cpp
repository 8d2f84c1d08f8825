// A straight line from the peak to the floor m: 1 - (1 - m) p.

#include "athanor/learn/train/schedule.h"

namespace athanor::train {

double linear_shape(double progress, const ScheduleOptions& options) { return 1 - (1 - options.min_lr) * progress; }

}  // namespace athanor::train
