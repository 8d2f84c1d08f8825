#pragma once
// The learning rate over a run: a warm-up, then one of the shapes in schedules/.

#include <span>

#include "athanor/core/base/catalog.h"

namespace athanor::train {

struct ScheduleOptions {
  double warmup = 0;  // below 1: part of the run; from 1 on: steps
  double min_lr = 0;  // part of the peak that is left at the end
  double decay = 0.2;
};

struct Schedule : base::Entry {
  /// Factor on the peak, in [min_lr, 1]; `progress` in [0, 1] counts from the end of warm-up, and options.warmup is a part of the
  /// run here.
  double (*shape)(double progress, const ScheduleOptions& options);
};

std::span<const Schedule> schedules();

/// Where a run stands. `fraction` is the part of it that is over (before this step), `next` after this step: by steps, or by the
/// clock.
struct RunPosition {
  double step = 0, fraction = 0, next = 0;  // step counts from 0
};

/// Factor on the peak learning rate. Warm-up rises linearly and reaches 1 at its last step: (step + 1) / warmup.
double learning_rate_factor(const Schedule& schedule, const ScheduleOptions& options, const RunPosition& position);

}  // namespace athanor::train
