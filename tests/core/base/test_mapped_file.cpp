#include "athanor/core/base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "athanor/core/base/error.h"
#include "tests/testing/temp_folder.h"

namespace athanor::base {
namespace {

using testing::TempFolder;

TEST(MappedFile, ShowsTheBytes) {
  const TempFolder folder;
  MappedFile file(folder.write("f", "hello"));
  file.will_read_all();
  EXPECT_EQ(file.text(), "hello");
  EXPECT_EQ(file.bytes().size(), 5u);
  MappedFile moved = std::move(file);
  EXPECT_EQ(moved.text(), "hello");
  moved = MappedFile(folder.write("g", "other"));
  EXPECT_EQ(moved.text(), "other");
}

TEST(MappedFile, AnEmptyFileIsAnEmptySpan) {
  const TempFolder folder;
  const MappedFile file(folder.write("f", ""));
  file.will_read_all();
  EXPECT_TRUE(file.bytes().empty());
  EXPECT_TRUE(MappedFile().text().empty());
}

std::string error_of_mapped_file(const std::filesystem::path& path) {
  try {
    MappedFile file(path);
    return "";
  } catch (const Error& error) {
    return error.exit_code() == 3 ? error.what() : "another kind";
  }
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const TempFolder folder;
  EXPECT_EQ(error_of_mapped_file(folder / "none"),
            "[base.file] cannot open " + (folder / "none").string() + "; got No such file or directory");
  EXPECT_TRUE(error_of_mapped_file(folder.path()).find("is not a regular file") != std::string::npos);
  EXPECT_TRUE(error_of_mapped_file("/dev/zero").find("is not a regular file") != std::string::npos);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(error_of_mapped_file(folder / "pipe").find("is not a regular file") !=
              std::string::npos);  // and does not wait for a writer
}

TEST(ReadTextFile, ReadsUpToItsLimit) {
  const TempFolder folder;
  const std::string text(10'000, 'x');
  const auto path = folder.write("f", text);
  EXPECT_EQ(read_text_file(path), text);
  EXPECT_EQ(read_text_file(path, 10'000), text);
  EXPECT_THROW(read_text_file(path, 9'999), Error);
  EXPECT_EQ(read_text_file(folder.write("empty", "")), "");
  EXPECT_THROW(read_text_file(folder / "none"), Error);
}

TEST(ReadTextFile, ReadsFilesWhoseSizeIsNotKnown) {
  EXPECT_FALSE(read_text_file("/proc/self/maps").empty());
  EXPECT_THROW(read_text_file("/proc/self/maps", 10), Error);
}

}  // namespace
}  // namespace athanor::base
