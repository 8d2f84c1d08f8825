#pragma once
// The frame around every command: arguments, signals, the log, errors and the exit code. Both programs are this with another wing.

#include "app/cli/command.h"

namespace athanor::app {

/// Shows messages from this level on: debug, info, warning, error, quiet.
void set_log(const std::string& level);

/// The body of main(). Exit codes: 0, 2 input, 3 file, 70 bug, 130 after Ctrl-C.
int run_program(int argc, char** argv, const LearnWing* learn);

}  // namespace athanor::app
