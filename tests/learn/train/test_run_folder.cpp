#include <gtest/gtest.h>
#include <unistd.h>

#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/philox.h"
#include "athanor/learn/train/run_folder.h"
#include "tests/testing/temp_folder.h"

namespace athanor::train {
namespace {

namespace fs = std::filesystem;

void fill(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "optimizer.safetensors", "trainer_state.json", "config.json"})
    base::write_file(folder / name, std::string("contents of ") + name);
}

std::string error_of_run_folder(RunFolder& folder, Resume resume, int exit_code) {
  try {
    folder.find_start(resume);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), exit_code) << error.what();
    return error.what();
  }
  return "none";
}

void flip(const fs::path& file, uint64_t bit) {
  std::string bytes = base::read_text_file(file);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  base::write_file(file, bytes);
}

TEST(RunFolder, KeepsTheNewest) {
  const testing::TempFolder temp;
  RunFolder folder(temp / "run");
  for (int64_t step : {2, 4, 10, 12}) folder.save(step, 2, fill);
  EXPECT_EQ(folder.checkpoints(), (std::vector<int64_t>{10, 12}));
  EXPECT_EQ(*folder.find_start(Resume::kYes), folder.checkpoint(12));
}

TEST(RunFolder, ASaveThatFailsLeavesTheOldOnes) {
  const testing::TempFolder temp;
  RunFolder folder(temp / "run");
  folder.save(2, 1, fill);
  EXPECT_THROW(folder.save(4, 1,
                           [](const fs::path& to) {
                             base::write_file(to / "model.safetensors", "half");
                             base::file_error("test", {"disk full"});
                           }),
               base::Error);
  EXPECT_EQ(folder.checkpoints(), std::vector<int64_t>{2});
  EXPECT_EQ(temp.listing().find(".tmp"), std::string::npos);
}

TEST(RunFolder, TheLockNamesItsHolder) {
  const testing::TempFolder temp;
  {
    const RunFolder first(temp / "run");
    try {
      const RunFolder second(temp / "run");
      FAIL();
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit_code(), 3);
      EXPECT_NE(std::string(error.what()).find(base::cat("pid ", getpid(), " holds")), std::string::npos) << error.what();
    }
  }
  const RunFolder again(temp / "run");
}

TEST(RunFolder, AFileInThePlaceOfTheFolder) {
  const testing::TempFolder temp;
  temp.write("run", "x");
  EXPECT_THROW(RunFolder(temp / "run"), base::Error);
}

TEST(RunFolder, EveryFlippedBitIsNoticed) {
  const testing::TempFolder temp;
  RunFolder folder(temp / "run");
  folder.save(2, 5, fill);
  folder.save(4, 5, fill);
  base::Philox random(1, 0, base::Purpose::kTest);
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder.checkpoint(4))) files.push_back(entry.path());
    const fs::path file = files[random.below(files.size())];
    const uint64_t bit = random.below(fs::file_size(file) * 8);
    flip(file, bit);
    const std::string problem = manifest_problem(folder.checkpoint(4));
    const bool harmless = problem.empty();  // white space of manifest.json, or a letter of the key of an unneeded number
    if (!harmless) {
      const std::string error = error_of_run_folder(folder, Resume::kYes, 3);
      EXPECT_NE(error.find("checkpoint-4: "), std::string::npos) << error;
      EXPECT_NE(error.find(folder.checkpoint(2).string()), std::string::npos) << error;
      EXPECT_EQ(*folder.find_start(Resume::kAuto), folder.checkpoint(2));
    }
    EXPECT_TRUE(!harmless || file.filename() == "manifest.json") << file << " bit " << bit;
    flip(file, bit);
    EXPECT_EQ(*folder.find_start(Resume::kYes), folder.checkpoint(4));
  }
}

TEST(RunFolder, AMissingFileOrManifestIsNotWhole) {
  const testing::TempFolder temp;
  RunFolder folder(temp / "run");
  folder.save(2, 5, fill);
  folder.save(4, 5, fill);
  fs::remove(folder.checkpoint(4) / "optimizer.safetensors");
  EXPECT_NE(error_of_run_folder(folder, Resume::kYes, 3).find("optimizer.safetensors is missing"), std::string::npos);
  fs::remove(folder.checkpoint(4) / "manifest.json");
  EXPECT_NE(error_of_run_folder(folder, Resume::kYes, 3).find("the save was not finished"), std::string::npos);
  EXPECT_EQ(*folder.find_start(Resume::kAuto), folder.checkpoint(2));
  fs::remove_all(folder.checkpoint(2));
  EXPECT_NE(error_of_run_folder(folder, Resume::kAuto, 3).find("no whole checkpoint is left"), std::string::npos);
}

TEST(RunFolder, WhatAKilledSaveLeftIsRemoved) {
  const testing::TempFolder temp;
  RunFolder folder(temp / "run");
  folder.save(2, 5, fill);
  temp.write("run/checkpoint-4.tmp-123/model.safetensors", "half");
  EXPECT_EQ(*folder.find_start(Resume::kYes), folder.checkpoint(2));
  EXPECT_FALSE(fs::exists(temp / "run/checkpoint-4.tmp-123"));
}

TEST(RunFolder, FromTheBeginningWhereAutoFindsNothing) {
  const testing::TempFolder temp;
  RunFolder folder(temp / "run");
  EXPECT_EQ(folder.find_start(Resume::kAuto), std::nullopt);
  EXPECT_EQ(folder.find_start(Resume::kNo), std::nullopt);
}

}  // namespace
}  // namespace athanor::train
