#include "athanor/core/checkpoint/gguf_write.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "tests/testing/temp_folder.h"

namespace athanor::checkpoint {
namespace {

TEST(GgufWriter, WhatItWritesIsReadBack) {
  testing::TempFolder folder;
  const std::vector<std::string> texts = {"a", "", "Ġthe"};
  const std::vector<float> numbers = {1.5f, -0.25f};
  const std::vector<int32_t> integers = {7, -7};
  GgufWriter writer;
  writer.text("general.architecture", "test");
  writer.integer("n", 4'000'000'000u);
  writer.number("x", 0.1f);
  writer.boolean("yes", true);
  writer.texts("texts", texts);
  writer.numbers("numbers", numbers);
  writer.integers("integers", integers);
  writer.tensor("odd", {3}, block_format("F16"), [] { return std::vector<std::byte>(6, std::byte{60}); });
  writer.tensor("blocks", {2, 64}, block_format("Q8_0"), [] { return std::vector<std::byte>(136, std::byte{1}); });
  const auto path = folder.path() / "w.gguf";
  writer.write(path);

  const GgufFile file = GgufFile::open(path);
  const GgufMetadata& keys = file.metadata;
  EXPECT_EQ(keys.text("general.architecture"), "test");
  EXPECT_EQ(keys.integer("n"), 4'000'000'000);
  EXPECT_EQ(keys.number("x"), 0.1f);
  EXPECT_EQ(keys.boolean("yes"), true);
  EXPECT_EQ(*keys.texts("texts"), (std::vector<std::string_view>{"a", "", "Ġthe"}));
  EXPECT_EQ(keys.numbers("numbers"), numbers);
  EXPECT_EQ(*keys.integers("integers"), (std::vector<int64_t>{7, -7}));
  ASSERT_EQ(file.tensors.size(), 2u);
  EXPECT_EQ(file.find("odd")->dtype, base::DType::kF16);
  EXPECT_EQ(file.find("blocks")->blocks, &block_format("Q8_0"));
  EXPECT_EQ(file.find("blocks")->shape, (std::vector<int64_t>{2, 64}));
  EXPECT_EQ(file.find("blocks")->bytes.size(), 136u);
  EXPECT_EQ(file.find("blocks")->bytes[135], std::byte{1});
}

TEST(GgufWriter, TheSameTwiceIsRefused) {
  GgufWriter writer;
  writer.integer("n", 1);
  EXPECT_THROW(writer.boolean("n", true), base::Error);
  auto make = [] { return std::vector<std::byte>(4); };
  writer.tensor("w", {1}, block_format("F32"), make);
  EXPECT_THROW(writer.tensor("w", {1}, block_format("F32"), make), base::Error);
  EXPECT_THROW(writer.tensor("rows", {33}, block_format("Q4_0"), make), base::Error);
}

TEST(GgufWriter, NothingIsLeftWhereATensorFails) {
  testing::TempFolder folder;
  GgufWriter writer;
  writer.tensor("w", {1}, block_format("F32"), []() -> std::vector<std::byte> { base::file_error("test", {"broken"}); });
  EXPECT_THROW(writer.write(folder.path() / "w.gguf"), base::Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace athanor::checkpoint
