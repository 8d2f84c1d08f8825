// The peak learning rate to the end.

#include "athanor/learn/train/schedule.h"

namespace athanor::train {

double constant_shape(double, const ScheduleOptions&) { return 1; }

}  // namespace athanor::train
