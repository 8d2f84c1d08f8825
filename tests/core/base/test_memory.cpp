#include "athanor/core/base/memory.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/testing/temp_folder.h"

namespace athanor::base {
namespace {

constexpr double kMiB = 1 << 20;

TEST(Memory, ThisProcessHoldsSomeAndMayTakeMore) {
  const double before = resident_bytes();
  EXPECT_GT(before, 1e6);
  std::vector<char> more(64 << 20, 1);
  EXPECT_GT(resident_bytes(), before + 50 * kMiB) << more[1];
  EXPECT_GT(memory_room().bytes, 0);
  EXPECT_FALSE(memory_room().limit.empty());
}

TEST(Memory, TheMachineSaysWhatIsAvailable) {
  const testing::TempFolder root;
  root.write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree:  1024 kB\nMemAvailable:    4194304 kB\n");
  EXPECT_EQ(memory_room(root.path()).bytes, 4096 * kMiB);
  EXPECT_EQ(memory_room(root.path()).limit, "the machine");
}

TEST(Memory, AControlGroupOfVersionTwoIsALimitAndSoIsTheOneAboveIt) {
  const testing::TempFolder root;
  root.write("proc/meminfo", "MemAvailable:    4194304 kB\n");
  root.write("proc/self/cgroup", "0::/box/inner\n");
  root.write("sys/fs/cgroup/box/inner/memory.max", "max\n");
  root.write("sys/fs/cgroup/box/memory.max", "1073741824\n");
  root.write("sys/fs/cgroup/box/memory.current", "805306368\n");
  root.write("sys/fs/cgroup/box/memory.stat", "anon 1\ninactive_file 268435456\n");
  EXPECT_EQ(memory_room(root.path()).bytes, 512 * kMiB) << "the page cache of the group can be dropped";
  EXPECT_EQ(memory_room(root.path()).limit, "the control group");
}

TEST(Memory, AControlGroupOfVersionOne) {
  const testing::TempFolder root;
  root.write("proc/meminfo", "MemAvailable:    4194304 kB\n");
  root.write("proc/self/cgroup", "9:cpu:/x\n8:hugetlb,memory:/box\n0::/\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1073741824\n");
  root.write("sys/fs/cgroup/memory/box/memory.usage_in_bytes", "1342177280\n");
  EXPECT_EQ(memory_room(root.path()).bytes, 0) << "more is used than the limit says";
  root.write("sys/fs/cgroup/memory/box/memory.stat", "inactive_file 1\ntotal_inactive_file 536870912\n");
  EXPECT_EQ(memory_room(root.path()).bytes, 256 * kMiB);
}

}  // namespace
}  // namespace athanor::base
