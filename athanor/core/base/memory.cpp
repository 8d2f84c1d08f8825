#include "athanor/core/base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <new>
#include <string_view>

namespace athanor::base {
namespace fs = std::filesystem;
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr double kLargestLimit = 1e18;  // version 1 says "none" as a number near 2^63

/// Field `index` of /proc/self/statm in bytes: 0 address space, 1 resident, 5 data and stack.
double statm_bytes(int index) {
  std::ifstream statm("/proc/self/statm");
  double pages = NAN;
  for (int i = 0; i <= index; ++i) statm >> pages;
  return statm ? pages * static_cast<double>(sysconf(_SC_PAGESIZE)) : NAN;
}

/// The number after `key` in a file of lines "key number"; `otherwise` where there is none.
double number_after(const fs::path& file, const std::string& key, double otherwise) {
  std::ifstream lines(file);
  for (std::string word; lines >> word;) {
    double number = 0;
    if (word == key) return lines >> number ? number : otherwise;
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return otherwise;
}

/// The only number of a file; `otherwise` where it is missing or says "max".
double number_in(const fs::path& file, double otherwise) {
  std::ifstream text(file);
  double number = 0;
  return text >> number ? number : otherwise;
}

/// What one control group leaves: its limit less what it uses, page cache that nobody reads now not counted as used.
double group_room(const fs::path& folder, const char* limit_file, const char* usage_file, const char* cache_key) {
  const double limit = number_in(folder / limit_file, kNoLimit);
  if (limit >= kLargestLimit) return kNoLimit;
  const double used = number_in(folder / usage_file, 0) - number_after(folder / "memory.stat", cache_key, 0);
  return std::max(0.0, limit - std::max(0.0, used));
}

/// The least over a group and those that it is in. In a container the path may be that of the host; then only the root exists.
template <typename Room>
double least_above(const fs::path& mount, const std::string& path, const Room& room) {
  double least = room(mount);
  fs::path at = mount;
  for (const fs::path& part : fs::path(path).relative_path()) {
    if (part == "..") return least;
    at /= part;
    least = std::min(least, room(at));
  }
  return least;
}

bool has_memory_controller(const std::string& controllers) {
  return ("," + controllers + ",").find(",memory,") != std::string::npos;
}

double control_group_room(const fs::path& root) {
  double least = kNoLimit;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/path" or "8:memory:/path"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty())
      least = std::min(least, least_above(root / "sys/fs/cgroup", path, [](const fs::path& group) {
                         return group_room(group, "memory.max", "memory.current", "inactive_file");
                       }));
    else if (has_memory_controller(controllers))
      least = std::min(least, least_above(root / "sys/fs/cgroup/memory", path, [](const fs::path& group) {
                         return group_room(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file");
                       }));
  }
  return least;
}

double own_limit(decltype(RLIMIT_AS) which, double used) {
  rlimit limit{};
  if (getrlimit(which, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || !std::isfinite(used)) return kNoLimit;
  return std::max(0.0, static_cast<double>(limit.rlim_cur) - used);
}

}  // namespace

double resident_bytes() { return statm_bytes(1); }

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return true;
  const std::string_view text = error.what();
  for (const char* words : {"can't allocate memory", "out of memory", "Cannot allocate memory"})
    if (text.find(words) != text.npos) return true;
  return false;
}

MemoryRoom memory_room(const fs::path& root) {
  MemoryRoom room{number_after(root / "proc/meminfo", "MemAvailable:", kNoLimit / 1024) * 1024, "the machine"};
  const auto narrow = [&room](double bytes, const char* limit) {
    if (bytes < room.bytes) room = {bytes, limit};
  };
  narrow(control_group_room(root), "the control group");
  narrow(own_limit(RLIMIT_AS, statm_bytes(0)), "ulimit -v");
  narrow(own_limit(RLIMIT_DATA, statm_bytes(5)), "ulimit -d");
  return room;
}

}  // namespace athanor::base
