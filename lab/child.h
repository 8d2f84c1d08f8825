#pragma once
// A program run beside this one, and how much memory it held.

#include <filesystem>
#include <string>
#include <vector>

namespace athanor::lab {

struct ChildResult {
  int exit_code = -1;   // -1: a signal ended it
  std::string out;      // standard output
  double peak_mib = 0;  // largest resident set
};

/// Waits for it, reading its peak from /proc while it runs (what the system reports afterwards may be this process's own). Output
/// goes through files in `folder`. "ATHANOR_RUNS=..." like settings are put into its environment. file_error where it cannot be
/// started.
ChildResult run_child(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment, const std::filesystem::path& folder);

}  // namespace athanor::lab
