#pragma once
// The words of --help and --version.

#include <string>

#include "app/cli/command.h"

namespace athanor::app {

std::string version_text();
std::string program_help();
std::string command_help(const Command& command, const Flags& flags);

}  // namespace athanor::app
