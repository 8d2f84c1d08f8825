#pragma once
// Runs a program and says what it printed, how it ended, how long it took and how much memory it held.

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::testing {

struct ProgramResult {
  int exit_code = -1;  // -1 where a signal ended it
  int signal = 0;      // SIGKILL also where `seconds` ran out
  std::string out, err;
  double seconds = 0;
  long peak_kib = 0;  // largest resident set
};

struct ProgramOptions {
  double seconds = 60;                        // killed after that
  std::filesystem::path folder = {};          // working folder; the caller's where empty
  std::string input = {};                     // standard input
  std::vector<std::string> environment = {};  // "NAME=value", over the caller's
};

ProgramResult run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                          const ProgramOptions& options = {});
/// The `athanor` of this build.
ProgramResult run_athanor(const std::vector<std::string>& arguments, const ProgramOptions& options = {});

}  // namespace athanor::testing
