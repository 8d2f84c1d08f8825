#include "athanor/core/checkpoint/gguf.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/checkpoint/gguf_write.h"
#include "tests/core/checkpoint/gguf_text.h"
#include "tests/core/checkpoint/outcome.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::checkpoint {
namespace {

TEST(Gguf, MalformedCases) {
  testing::TempFolder folder;
  for (const auto& one : testing::read_cases(testing::source_path("tests/malformed/gguf.cases"))) {
    auto path = folder.write("f.gguf", testing::GgufText::bytes(one.input));
    testing::expect_outcome(one, "checkpoint", "f.gguf", [&] {
      GgufFile file = GgufFile::open(path);
      size_t bytes = 0;
      for (const NamedArray& tensor : file.tensors) bytes += tensor.array.bytes.size();
      return base::cat(file.metadata.items().size(), " keys, ", file.tensors.size(), " tensors, ", bytes, " bytes");
    });
  }
}

TEST(Gguf, ReadsWhatTheGgufPackageWrote) {
  testing::Golden golden("core_checkpoint/gguf");
  GgufFile file = GgufFile::open(golden.path() / "tiny.gguf");
  const GgufMetadata& keys = file.metadata;
  EXPECT_EQ(keys.text("general.architecture"), "test");
  EXPECT_EQ(keys.integer("u8"), 250);
  EXPECT_EQ(keys.integer("i8"), -3);
  EXPECT_EQ(keys.integer("u16"), 65000);
  EXPECT_EQ(keys.integer("i16"), -300);
  EXPECT_EQ(keys.integer("u32"), 4000000000);
  EXPECT_EQ(keys.integer("i32"), -70000);
  EXPECT_EQ(keys.number("f32"), 0.1f);
  EXPECT_EQ(keys.boolean("bool"), true);
  EXPECT_EQ(keys.text("text"), "été 炉");
  EXPECT_EQ(keys.integer("u64"), int64_t{1} << 40);
  EXPECT_EQ(keys.integer("i64"), -(int64_t{1} << 40));
  EXPECT_EQ(keys.number("f64"), 0.25f);
  EXPECT_EQ(*keys.texts("texts"), (std::vector<std::string_view>{"a", "", "bc"}));
  EXPECT_EQ(*keys.integers("integers"), (std::vector<int64_t>{3, -1, 2}));
  EXPECT_EQ(*keys.numbers("numbers"), (std::vector<float>{0.5f, -2.0f}));
  EXPECT_EQ(keys.integer("absent"), std::nullopt);
  ASSERT_EQ(file.tensors.size(), 3u);
  for (const NamedArray& tensor : file.tensors) {
    EXPECT_EQ(tensor.array.shape, golden.array(tensor.name).shape);
    EXPECT_EQ(to_f32(tensor.array, tensor.name), golden.floats(tensor.name)) << tensor.name;
  }
}

TEST(Gguf, AValueOfAnotherTypeIsRefused) {
  testing::Golden golden("core_checkpoint/gguf");
  const GgufFile file = GgufFile::open(golden.path() / "tiny.gguf");
  const GgufMetadata& keys = file.metadata;
  EXPECT_THROW(keys.integer("f32"), base::Error);
  EXPECT_THROW(keys.integer("integers"), base::Error);
  EXPECT_THROW(keys.integers("numbers"), base::Error);  // floats are not read as integers
  EXPECT_THROW(keys.integers("u8"), base::Error);
  EXPECT_THROW(keys.number("text"), base::Error);
  EXPECT_THROW(keys.boolean("u8"), base::Error);
  EXPECT_THROW(keys.texts("text"), base::Error);
  EXPECT_THROW(keys.text("texts"), base::Error);
}

/// A file with one tensor, as part `part` of `parts` where that is more than one.
void write_part(const std::filesystem::path& path, uint32_t part, uint32_t parts, const std::string& tensor, uint32_t total = 2) {
  GgufWriter writer;
  if (part == 0) writer.text("general.name", "whole");
  writer.integer("split.no", part);
  writer.integer("split.count", parts);
  writer.integer("split.tensors.count", total);
  writer.tensor(tensor, {2, 2}, block_format("F32"), [] { return std::vector<std::byte>(16, std::byte{63}); });
  writer.write(path);
}

std::string error_of_gguf(const std::filesystem::path& path) {
  try {
    GgufFile::open(path);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Gguf, AnyPartOfASplitFileOpensAll) {
  testing::TempFolder folder;
  write_part(folder.path() / "m-00001-of-00002.gguf", 0, 2, "a");
  write_part(folder.path() / "m-00002-of-00002.gguf", 1, 2, "b");
  for (const char* name : {"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}) {
    const GgufFile file = GgufFile::open(folder.path() / name);
    EXPECT_EQ(file.metadata.text("general.name"), "whole");
    ASSERT_TRUE(file.find("a") && file.find("b"));
    EXPECT_EQ(file.find("b")->shape, (std::vector<int64_t>{2, 2}));
  }
}

TEST(Gguf, PartsMustFitEachOther) {
  testing::TempFolder folder;
  const auto first = folder.path() / "m-00001-of-00002.gguf", second = folder.path() / "m-00002-of-00002.gguf";
  write_part(first, 0, 2, "a");
  EXPECT_NE(error_of_gguf(first).find("m-00002-of-00002.gguf"), std::string::npos) << error_of_gguf(first);
  write_part(second, 0, 2, "b");
  EXPECT_NE(error_of_gguf(first).find("split.no; got 0 of 2; expected 1 of 2"), std::string::npos) << error_of_gguf(first);
  write_part(second, 1, 2, "a");
  EXPECT_NE(error_of_gguf(first).find("a in two parts"), std::string::npos) << error_of_gguf(first);
  write_part(second, 1, 2, "b", 3);
  write_part(first, 0, 2, "a", 3);
  EXPECT_NE(error_of_gguf(first).find("2 tensors in the parts; expected 3"), std::string::npos) << error_of_gguf(first);
}

TEST(Gguf, MissingIsTheUsersMistake) {
  EXPECT_NE(error_of_gguf("nowhere.gguf").find("nowhere.gguf: no such file"), std::string::npos);
}

}  // namespace
}  // namespace athanor::checkpoint
