#include "athanor/learn/train/schedule.h"

#include <algorithm>

namespace athanor::train {

double learning_rate_factor(const Schedule& schedule, const ScheduleOptions& options, const RunPosition& position) {
  const bool in_steps = options.warmup >= 1;
  const double ramp = options.warmup <= 0 ? 1 : in_steps ? (position.step + 1) / options.warmup : position.next / options.warmup;
  if (ramp < 1) return ramp;
  const double per_step = position.next - position.fraction;
  const double warm = std::min(1.0, in_steps ? options.warmup * per_step : options.warmup);
  const double progress = warm < 1 ? (position.fraction - warm) / (1 - warm) : 0;
  ScheduleOptions in_parts = options;
  in_parts.warmup = warm;
  return schedule.shape(std::clamp(progress, 0.0, 1.0), in_parts);
}

}  // namespace athanor::train
