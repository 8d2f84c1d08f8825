#pragma once
// How much memory this process holds, and how much it may still take.

#include <exception>
#include <filesystem>
#include <string>

namespace athanor::base {

/// Resident bytes of this process now; NaN where the system does not say.
double resident_bytes();

struct MemoryRoom {
  double bytes = 0;   // that this process may still take; infinite where nothing says a limit
  std::string limit;  // what sets it: "the machine", "the control group", "ulimit -v", "ulimit -d"
};

/// The least of what the kernel calls available, what the control groups that this process is in (version 2 or 1) leave, page cache
/// that they can drop not counted, and what its own limits on address space and data leave. `root` is where /proc and /sys lie.
MemoryRoom memory_room(const std::filesystem::path& root = "/");

/// Whether an exception says that memory could not be had: std::bad_alloc, or one of libtorch's with such words.
bool is_out_of_memory(const std::exception& error);

}  // namespace athanor::base
