// Every system call that an output goes through is made to fail in turn, as SQLite's tests do, and the order of the calls is looked
// at: what is renamed must have been flushed before, or a power cut could leave the new name with half of the bytes.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "tests/testing/temp_folder.h"

namespace {

struct Faults {
  bool on = false;
  int fail_at = 0;        // the call that fails, from 1; 0: none
  bool for_ever = false;  // and every call after it
  int reason = EIO;
  bool short_writes = false;
  int calls = 0;
  std::string trace = {};  // what was called on what, by file name
};
Faults faults;

/// Counts a call, and says whether it must fail.
bool fails(const std::string& call, const std::string& path) {
  if (!faults.on) return false;
  faults.trace += call + " " + std::filesystem::path(path).filename().string() + "\n";
  const bool hit = ++faults.calls == faults.fail_at || (faults.for_ever && faults.fail_at && faults.calls > faults.fail_at);
  if (hit) errno = faults.reason;
  return hit;
}

std::string path_of(int descriptor) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), ignored).string();
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// The program's own definitions come before libc's.
extern "C" {
int fsync(int descriptor) {
  if (fails("fsync", path_of(descriptor))) return -1;
  return faults.on ? 0 : real<int(int)>("fsync")(descriptor);  // the disk's own work would only take time
}

ssize_t pwrite(int descriptor, const void* bytes, size_t n, off_t offset) {
  if (fails("write", path_of(descriptor))) return -1;
  if (faults.on && faults.short_writes && n > 1) n = (n + 1) / 2;
  return real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(descriptor, bytes, n, offset);
}

int rename(const char* from, const char* to) noexcept {
  return fails("rename", to) ? -1 : real<int(const char*, const char*)>("rename")(from, to);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  if (fails("exchange", to)) return -1;
  return real<int(int, const char*, int, const char*, unsigned)>("renameat2")(from_folder, from, to_folder, to, flags);
}
}

namespace athanor::base {
namespace {

using testing::TempFolder;

class DiskFailures : public ::testing::Test {
 protected:
  void TearDown() override { faults = {}; }
};

void write_one(const TempFolder& folder) {
  AtomicFile file(folder / "f");
  file.write("new ");
  file.write("text");
  file.commit();
}

void write_tree(const TempFolder& folder) {
  AtomicFolder out(folder / "out", true);
  for (const char* name : {"a", "b"}) write_file(out.path() / name, "new");
  out.commit();
}

/// Both outputs as a reader sees them.
std::string seen(const TempFolder& folder) {
  std::string all;
  for (const char* name : {"f", "out/a", "out/b"}) {
    if (std::filesystem::exists(folder / name)) all += cat(name, "=", read_text_file(folder / name), " ");
  }
  return all;
}

/// Fails each call of `work` in turn, until it goes through; what is seen must be `before` or `after` and never anything else.
void fail_each_call(void (*work)(const TempFolder&), bool for_ever, int reason, const std::string& before,
                    const std::string& after) {
  for (int n = 1;; ++n) {
    ASSERT_LT(n, 100);
    const TempFolder folder;
    folder.write("f", "old");
    folder.write("out/a", "old");
    folder.write("out/b", "old");
    faults = {.on = true, .fail_at = n, .for_ever = for_ever, .reason = reason};
    bool failed = false;
    try {
      work(folder);
    } catch (const Error& error) {
      failed = true;
      EXPECT_EQ(error.exit_code(), 3);
    }
    const bool reached = faults.calls >= n;
    faults = {.on = true};
    SCOPED_TRACE(cat("call ", n));
    EXPECT_EQ(failed, reached && reason != EINTR);
    const std::string now = seen(folder);
    EXPECT_TRUE(now == after || (failed && now == before)) << now;
    work(folder);  // what a failed flush of the parent leaves, the next output removes
    EXPECT_EQ(folder.listing(), "f out out/a out/b");
    if (!reached) break;
  }
}

constexpr const char* kOld = "f=old out/a=old out/b=old ";

TEST_F(DiskFailures, AFileIsOldOrNew) {
  for (bool for_ever : {false, true})
    for (int reason : {EIO, ENOSPC, EDQUOT}) fail_each_call(write_one, for_ever, reason, kOld, "f=new text out/a=old out/b=old ");
}

TEST_F(DiskFailures, AFolderIsOldOrNew) {
  for (bool for_ever : {false, true})
    for (int reason : {EIO, ENOSPC, EDQUOT}) fail_each_call(write_tree, for_ever, reason, kOld, "f=old out/a=new out/b=new ");
}

TEST_F(DiskFailures, ShortAndInterruptedWritesAreFinished) {
  const TempFolder folder;
  faults = {.on = true, .fail_at = 2, .reason = EINTR, .short_writes = true};
  write_one(folder);
  EXPECT_EQ(read_text_file(folder / "f"), "new text");
  EXPECT_GT(faults.calls, 6);
}

TEST_F(DiskFailures, AFileIsFlushedBeforeItsNameAndTheFolderAfter) {
  const TempFolder folder;
  faults.on = true;
  write_file(folder / "f", "x");
  const std::string temporary = "f.tmp-" + std::to_string(getpid());
  EXPECT_EQ(faults.trace,
            "write " + temporary + "\nfsync " + temporary + "\nrename f\nfsync " + folder.path().filename().string() + "\n");
}

TEST_F(DiskFailures, AFolderIsFlushedBeforeItsNameAndItsParentAfter) {
  const TempFolder folder;
  folder.write("out/old", "old");
  AtomicFolder out(folder / "out", true);
  std::filesystem::create_directory(out.path() / "sub");
  write_file(out.path() / "sub/g", "y");
  faults.on = true;
  out.commit();
  EXPECT_EQ(faults.trace, "fsync g\nfsync sub\nfsync out.tmp-" + std::to_string(getpid()) + "\nexchange out\nfsync " +
                              folder.path().filename().string() + "\n");
}

TEST_F(DiskFailures, AFileSystemThatCannotExchangeStillReplaces) {
  const TempFolder folder;
  folder.write("out/a", "old");
  AtomicFolder out(folder / "out", true);
  write_file(out.path() / "b", "new");
  faults = {.on = true, .fail_at = 3, .reason = EINVAL};  // fsync b, fsync the folder, exchange
  out.commit();
  EXPECT_NE(faults.trace.find("exchange out\nrename out.tmp-"), std::string::npos);
  EXPECT_EQ(folder.listing(), "out out/b");
}

}  // namespace
}  // namespace athanor::base
