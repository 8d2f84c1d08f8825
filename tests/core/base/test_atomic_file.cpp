#include "athanor/core/base/atomic_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "tests/testing/temp_folder.h"

namespace athanor::base {
namespace {

using testing::TempFolder;

template <typename F>
std::string error_of_atomic_file(int exit_code, const F& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), exit_code);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

/// Files may not grow past `bytes`: write() then fails as on a full disk, but with EFBIG.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    handler_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_;
};

TEST(AtomicFile, AppearsAtCommitAndNotBefore) {
  const TempFolder folder;
  {
    AtomicFile file(folder / "f");
    file.write("hello ");
    file.write("world");
    EXPECT_EQ(file.position(), 11u);
    EXPECT_FALSE(std::filesystem::exists(folder / "f"));
    file.commit();
  }
  EXPECT_EQ(read_text_file(folder / "f"), "hello world");
  EXPECT_EQ(folder.listing(), "f");
}

TEST(AtomicFile, WithoutCommitTheOldOneStays) {
  const TempFolder folder;
  folder.write("f", "old");
  {
    AtomicFile file(folder / "f");
    file.write("new");
  }
  EXPECT_EQ(read_text_file(folder / "f"), "old");
  EXPECT_EQ(folder.listing(), "f");
}

TEST(AtomicFile, WritesAHeaderThatIsKnownAtTheEnd) {
  const TempFolder folder;
  AtomicFile file(folder / "f");
  file.write("0000body");
  file.write_at(0, std::as_bytes(std::span("1234", 4)));
  EXPECT_EQ(file.position(), 8u);
  file.commit();
  EXPECT_EQ(read_text_file(folder / "f"), "1234body");
}

TEST(AtomicFile, AFullDiskLeavesTheOldOneAndNothingElse) {
  const TempFolder folder;
  folder.write("f", "old");
  const std::string text = error_of_atomic_file(3, [&] {
    const FileLimit limit(100'000);
    AtomicFile file(folder / "f");
    for (int i = 0; i < 100; ++i) file.write(std::string(3'000, 'x'));  // one of them is written in part only
    file.commit();
  });
  EXPECT_EQ(text, "[base.output] cannot write " + (folder / "f").string() + "; got File too large");
  EXPECT_EQ(read_text_file(folder / "f"), "old");
  EXPECT_EQ(folder.listing(), "f");
}

TEST(AtomicFile, TheNameAloneIsEnough) {
  const TempFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_file("f", "x");
  std::filesystem::current_path(before);
  EXPECT_EQ(read_text_file(folder / "f"), "x");
}

TEST(AtomicFile, RefusesWhatCannotBeReplaced) {
  const TempFolder folder;
  EXPECT_EQ(error_of_atomic_file(3, [] { write_file("/dev/full", "x"); }),
            "[base.output] /dev/full is not a regular file; expected a file that may be replaced");
  EXPECT_NE(error_of_atomic_file(3, [&] { write_file(folder.path(), "x"); }).find("is not a regular file"), std::string::npos);
  EXPECT_EQ(error_of_atomic_file(3, [&] { write_file(folder / "none/f", "x"); }),
            "[base.output] cannot create " + (folder / "none/f").string() + "; got No such file or directory");
  EXPECT_EQ(folder.listing(), "");
}

TEST(AtomicFile, WritingAfterCommitIsABug) {
  const TempFolder folder;
  AtomicFile file(folder / "f");
  file.commit();
  EXPECT_EQ(error_of_atomic_file(70, [&] { file.write("x"); }), "[base.output] write after commit");
  EXPECT_EQ(error_of_atomic_file(70, [&] { file.commit(); }), "[base.output] commit twice");
}

/// Runs `work` in a child that then dies without unwinding, as kill -9 would end it.
template <typename F>
pid_t die_after(const F& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return child;
}

TEST(AtomicFile, TheNextRunRemovesWhatAKilledOneLeft) {
  const TempFolder folder;
  die_after([&] { (new AtomicFile(folder / "f"))->write("half"); });
  EXPECT_NE(folder.listing().find("f.tmp-"), std::string::npos);
  folder.write("f.tmp-" + std::to_string(getppid()), "a living process's");
  folder.write("f.tmp-notes", "the user's own");
  write_file(folder / "f", "whole");
  EXPECT_EQ(folder.listing(), "f f.tmp-" + std::to_string(getppid()) + " f.tmp-notes");
}

TEST(AtomicFolder, AppearsAtCommitAndNotBefore) {
  const TempFolder folder;
  {
    AtomicFolder out(folder / "a/b/out");
    write_file(out.path() / "f", "x");
    std::filesystem::create_directory(out.path() / "sub");
    write_file(out.path() / "sub/g", "y");
    EXPECT_FALSE(std::filesystem::exists(folder / "a/b/out"));
    out.commit();
  }
  EXPECT_EQ(folder.listing(), "a a/b a/b/out a/b/out/f a/b/out/sub a/b/out/sub/g");
}

TEST(AtomicFolder, WithoutCommitNothingStays) {
  const TempFolder folder;
  {
    AtomicFolder out(folder / "out/");
    write_file(out.path() / "f", "x");
  }
  EXPECT_EQ(folder.listing(), "");
}

TEST(AtomicFolder, AnExistingOneIsRefusedButAnEmptyOneIsFilled) {
  const TempFolder folder;
  folder.write("out/f", "mine");
  EXPECT_EQ(error_of_atomic_file(2, [&] { AtomicFolder out(folder / "out"); }),
            "[base.output] " + (folder / "out").string() + " already exists; expected a new folder; try another name");
  std::filesystem::create_directory(folder / "empty");
  AtomicFolder out(folder / "empty");
  write_file(out.path() / "f", "x");
  out.commit();
  EXPECT_EQ(folder.listing(), "empty empty/f out out/f");
}

TEST(AtomicFolder, ReplacesInOneStep) {
  const TempFolder folder;
  folder.write("out/old", "old");
  {
    AtomicFolder out(folder / "out", true);
    write_file(out.path() / "new", "new");
    EXPECT_EQ(read_text_file(folder / "out/old"), "old");
    out.commit();
  }
  EXPECT_EQ(folder.listing(), "out out/new");
}

TEST(AtomicFolder, DoesNotReplaceAFile) {
  const TempFolder folder;
  folder.write("out", "a file");
  EXPECT_EQ(error_of_atomic_file(3, [&] { AtomicFolder out(folder / "out", true); }),
            "[base.output] " + (folder / "out").string() + " is not a folder");
  EXPECT_EQ(folder.listing(), "out");
}

// A reader that opens the target again and again while it is replaced must always find a whole folder.
TEST(AtomicFolder, AReaderNeverSeesHalf) {
  const TempFolder folder;
  const auto publish = [&](int round) {
    AtomicFolder out(folder / "out", true);
    for (const char* name : {"a", "b"}) write_file(out.path() / name, std::to_string(round));
    out.commit();
  };
  publish(0);
  const pid_t writer = fork();
  if (writer == 0) {
    for (int round = 1; round <= 20; ++round) publish(round);
    _exit(0);
  }
  int status = 0, reads = 0;
  while (waitpid(writer, &status, WNOHANG) == 0) {
    ASSERT_TRUE(std::filesystem::exists(folder / "out"));
    ++reads;
  }
  EXPECT_EQ(status, 0);
  EXPECT_GT(reads, 0);
  EXPECT_EQ(read_text_file(folder / "out/a"), "20");
  EXPECT_EQ(folder.listing(), "out out/a out/b");
}

}  // namespace
}  // namespace athanor::base
