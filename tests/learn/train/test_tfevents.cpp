#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/mapped_file.h"
#include "athanor/learn/train/tfevents.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::train {
namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (unsigned char c : bytes) text += {"0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
  return text;
}

TEST(TfEvents, Crc32c) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);            // the check value of CRC-32C
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
}

TEST(TfEvents, RecordsAreTensorBoards) {
  const testing::Golden golden("learn_train/tfevents");
  EXPECT_EQ(hex(tf_record(version_event(1700000000.25))), golden.json()["version"]);
  EXPECT_EQ(hex(tf_record(restart_event(1700000001.5, 301))), golden.json()["restart"]);
  EXPECT_EQ(hex(tf_record(
                scalars_event(1700000002.0, 123456, {{"train/loss", 2.5f}, {"train/lr", 1e-4f}, {"eval/bits_per_byte", 1.75f}}))),
            golden.json()["scalars"]);
}

TEST(TfEvents, TheFileHoldsRecords) {
  const testing::TempFolder folder;
  {
    EventFile file(folder / "t", 7);
    file.add(8, {{"train/loss", 1.0f}});
  }
  const auto path = std::filesystem::directory_iterator(folder / "t")->path();
  EXPECT_TRUE(path.filename().string().starts_with("events.out.tfevents."));
  const std::string bytes = base::read_text_file(path);
  size_t records = 0;
  for (size_t at = 0; at < bytes.size(); ++records) {
    uint64_t length;
    std::memcpy(&length, bytes.data() + at, 8);
    EXPECT_EQ(tf_record(bytes.substr(at + 12, length)), bytes.substr(at, length + 16));
    at += length + 16;
  }
  EXPECT_EQ(records, 3u);
}

}  // namespace
}  // namespace athanor::train
