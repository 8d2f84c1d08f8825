#pragma once

#include "app/cli_learn/quickstart/plan.h"
#include "app/report/report.h"

namespace athanor::app {

/// The report of a finished quickstart.
Report report_of(const QuickstartPlan& plan, const QuickstartState& state);
/// Commands that follow a quickstart, for the report and the console.
std::vector<NextStep> next_steps(const QuickstartPlan& plan);

}  // namespace athanor::app
