#include "athanor/core/checkpoint/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "tests/core/checkpoint/outcome.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::checkpoint {
namespace {

ArrayView bytes_array(const std::string& bytes) {
  return {base::DType::kU8, {static_cast<int64_t>(bytes.size())}, std::as_bytes(std::span(bytes.data(), bytes.size()))};
}

TEST(Safetensors, TheRustLibrarysFileIsReadAndWrittenAgainByteByByte) {
  testing::Golden golden("core_checkpoint/types");
  const Checkpoint& weights = golden.arrays();
  EXPECT_EQ(weights.arrays().size(), 19u);
  EXPECT_EQ(weights.metadata().at("format"), "pt");
  EXPECT_EQ(weights.at("w.float8_e4m3fn").dtype, base::DType::kF8E4M3);
  EXPECT_EQ(weights.at("w.uint64").dtype, base::DType::kU64);
  EXPECT_EQ(weights.at("w.bfloat16").shape, (std::vector<int64_t>{3, 5}));
  EXPECT_EQ(*weights.at("scalar").as<float>(), 1.5f);
  EXPECT_TRUE(weights.at("scalar").shape.empty());
  EXPECT_EQ(weights.at("empty").count(), 0);
  EXPECT_EQ(to_f32(weights.at("名字 \"quoted\" \\ \t"), "x"), (std::vector<float>{0, 1, 2, 3}));

  testing::TempFolder folder;
  write_safetensors(folder / "again.safetensors", weights.arrays(), weights.metadata());
  EXPECT_EQ(base::read_text_file(folder / "again.safetensors"), base::read_text_file(golden.path() / "data.safetensors"));
}

TEST(Safetensors, HalvesAndDoublesBecomeFloats) {
  testing::Golden golden("core_checkpoint/types");
  const Checkpoint& weights = golden.arrays();
  for (const char* name : {"w.float64", "w.float32", "w.float16", "w.bfloat16"})
    EXPECT_EQ(to_f32(weights.at(name), name).size(), 15u) << name;
  EXPECT_EQ(to_f32(weights.at("w.float64"), "")[7], static_cast<float>(weights.at("w.float64").as<double>()[7]));
  EXPECT_THROW(to_f32(weights.at("w.int32"), "w.int32"), base::Error);
}

TEST(Safetensors, ArraysAtOddPlacesAreAligned) {
  testing::TempFolder folder;
  std::string header =
      R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}})";
  uint64_t length = header.size();
  std::string file = std::string(reinterpret_cast<const char*>(&length), 8) + header + "z";
  float values[2] = {2.5f, -1.0f};
  file.append(reinterpret_cast<const char*>(values), 8);
  Checkpoint weights = Checkpoint::open(folder.write("odd.safetensors", file));
  const ArrayView& b = weights.at("b");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b.bytes.data()) % 4, 0u);
  EXPECT_EQ(std::memcmp(b.bytes.data(), values, 8), 0);
}

TEST(Safetensors, ViewsOutliveTheFirstHandle) {
  testing::TempFolder folder;
  std::string payload = "payload";
  write_safetensors(folder / "a.safetensors", {{"a", bytes_array(payload)}});
  Checkpoint second;
  {
    Checkpoint first = Checkpoint::open(folder / "a.safetensors");
    second = first;
  }
  EXPECT_EQ(std::memcmp(second.at("a").bytes.data(), payload.data(), payload.size()), 0);
}

TEST(Safetensors, AMissingNameIsAnsweredWithTheNearest) {
  testing::TempFolder folder;
  std::string payload = "x";
  write_safetensors(folder / "a.safetensors", {{"model.norm.weight", bytes_array(payload)}});
  Checkpoint weights = Checkpoint::open(folder / "a.safetensors");
  EXPECT_EQ(weights.find("model.nrom.weight"), nullptr);
  try {
    weights.at("model.nrom.weight");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kFile);
    EXPECT_NE(std::string(error.what()).find("got model.nrom.weight; expected perhaps model.norm.weight"), std::string::npos)
        << error.what();
  }
}

TEST(Safetensors, WhatCannotBeReadBackIsNotWritten) {
  testing::TempFolder folder;
  std::string payload = "x";
  NamedArray good{"a", bytes_array(payload)};
  NamedArray reserved{"__metadata__", bytes_array(payload)}, nul{std::string("a\0b", 3), bytes_array(payload)},
      bytes{"\xff", bytes_array(payload)};
  for (const auto& bad : {reserved, nul, bytes}) EXPECT_THROW(write_safetensors(folder / "f.safetensors", {bad}), base::Error);
  EXPECT_THROW(write_safetensors(folder / "f.safetensors", {good, good}), base::Error);
  NamedArray lying{"a", {base::DType::kF32, {2}, std::as_bytes(std::span(payload.data(), 1))}};
  EXPECT_THROW(write_safetensors(folder / "f.safetensors", {lying}), base::Error);
  EXPECT_EQ(folder.listing(), "");
}

TEST(ShardIndex, MalformedCases) {
  for (const auto& one : testing::read_cases(testing::source_path("tests/malformed/shard-index.cases"))) {
    testing::TempFolder folder;
    std::string payload = "z";
    write_safetensors(folder / "a.safetensors", {{"x", bytes_array(payload)}});
    write_safetensors(folder / "b.safetensors", {{"y", bytes_array(payload)}});
    folder.write("model.safetensors.index.json", one.input);
    std::string file = one.name == "a shard that is not there" ? "c.safetensors" : "model.safetensors.index.json";
    testing::expect_outcome(one, one.exit_code == 3 && file[0] == 'c' ? "base" : "checkpoint", file,
                            [&] { return std::to_string(Checkpoint::open(folder.path()).arrays().size()) + " arrays"; });
  }
}

TEST(ShardIndex, TheSameNameInTwoShardsIsRefused) {
  testing::TempFolder folder;
  std::string payload = "z";
  for (const char* file : {"a.safetensors", "b.safetensors"}) write_safetensors(folder / file, {{"x", bytes_array(payload)}});
  folder.write("model.safetensors.index.json", R"({"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}})");
  EXPECT_THROW(Checkpoint::open(folder.path()), base::Error);
}

TEST(Shards, AreCutAtTheLimitAndReplaceOlderWeights) {
  testing::TempFolder folder;
  std::string payload(100, 'p');
  std::vector<NamedArray> arrays;
  for (const char* name : {"c", "a", "b", "d"}) arrays.push_back({name, bytes_array(payload)});
  write_sharded(folder.path(), arrays);
  EXPECT_EQ(folder.listing(), "model.safetensors");
  write_sharded(folder.path(), arrays, 200);
  EXPECT_EQ(folder.listing(), "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json");
  Checkpoint weights = Checkpoint::open(folder.path());
  EXPECT_EQ(weights.arrays()[0].name, "a");  // sorted inside the shard that holds c and a
  EXPECT_EQ(weights.total_bytes(), 400u);
  write_sharded(folder.path(), arrays, 99);  // smaller than any array: one shard each
  EXPECT_EQ(Checkpoint::open(folder.path()).arrays().size(), 4u);
  write_sharded(folder.path(), arrays);
  EXPECT_EQ(folder.listing(), "model.safetensors");
}

}  // namespace
}  // namespace athanor::checkpoint
