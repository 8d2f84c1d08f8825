#include "app/cli_learn/learn_commands.h"
#include "athanor/core/base/error.h"

namespace athanor::app {

int estimate_command(const EstimateArguments&, const Invocation&) { base::input_error("cli.estimate", {"not wired"}); }

}  // namespace athanor::app
