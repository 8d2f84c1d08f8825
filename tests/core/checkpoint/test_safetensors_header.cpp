#include <gtest/gtest.h>

#include <ctime>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "tests/core/checkpoint/outcome.h"
#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::checkpoint {
namespace {

std::string with_length(const std::string& header, size_t data_bytes) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(data_bytes, '\x01');
}

/// The file that a case of safetensors.cases describes.
std::string file_of_safetensors_header(const std::string& input) {
  if (input.starts_with("raw:")) return input.substr(4);
  size_t line = input.rfind("\n| ");
  if (line == std::string::npos) return with_length(input, 0);
  return with_length(input.substr(0, line), std::stoul(input.substr(line + 3)));
}

SafetensorsHeader parse(const std::string& file) {
  return parse_safetensors_header(std::as_bytes(std::span(file.data(), file.size())), file.size(), "f.safetensors");
}

/// A header of `count` bytes-sized arrays.
std::string many_tensors(int count) {
  std::string header = "{";
  for (int i = 0; i < count; ++i)
    header += base::cat(i ? "," : "", "\"model.layers.", i, ".weight\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[", i, ",",
                        i + 1, "]}");
  return with_length(header + "}", static_cast<size_t>(count));
}

TEST(SafetensorsHeader, MalformedCases) {
  testing::TempFolder folder;
  for (const auto& one : testing::read_cases(testing::source_path("tests/malformed/safetensors.cases"))) {
    auto path = folder.write("f.safetensors", file_of_safetensors_header(one.input));
    testing::expect_outcome(one, "checkpoint", "f.safetensors", [&] {
      Checkpoint weights = Checkpoint::open(path);
      return base::cat(weights.arrays().size(), " arrays, ", weights.total_bytes(), " bytes");
    });
  }
}

TEST(SafetensorsHeader, HundredThousandTensorsOpenInLinearTime) {
  testing::TempFolder folder;
  auto path = folder.write("many.safetensors", many_tensors(100'000));
  const std::clock_t start = std::clock();
  Checkpoint weights = Checkpoint::open(path);
  EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC);  // 0.2 s is usual; quadratic would take minutes
  EXPECT_EQ(weights.arrays().size(), 100'000u);
  EXPECT_NE(weights.find("model.layers.99999.weight"), nullptr);
}

TEST(SafetensorsHeader, OneTensorMoreIsRefused) {
  try {
    parse(many_tensors(100'001));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("too many tensors in one file; got more than 100000"), std::string::npos)
        << error.what();
  }
}

TEST(SafetensorsHeader, EveryPrefixAndEveryLostByteIsRefused) {
  std::string whole = with_length(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]},"b":{"dtype":"I64","shape":[],"data_offsets":[4,12]}})",
      12);
  EXPECT_EQ(parse(whole).items.size(), 2u);
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_THROW(parse(whole.substr(0, n)), base::Error) << n;
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_THROW(parse(std::string(whole).erase(n, 1)), base::Error) << n;
}

TEST(SafetensorsHeader, DamagedHeadersAreReadOrRefusedAndNothingElse) {
  std::string whole = with_length(
      R"({"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},"b\n":{"dtype":"BOOL","shape":[0],"data_offsets":[12,12]}})", 12);
  base::Philox random(7, 0, base::Purpose::kTest);
  static constexpr std::string_view kAlphabet = "{}[]\",:0123456789-.eE\\u \n\xc3\xff";
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole;
    for (uint64_t changes = 1 + random.below(3); changes > 0; --changes)
      damaged[random.below(damaged.size())] = kAlphabet[random.below(kAlphabet.size())];
    try {
      SafetensorsHeader header = parse(damaged);
      for (const auto& item : header.items) ASSERT_LE(header.data_begin + item.end, damaged.size());
    } catch (const base::Error& error) {
      ASSERT_EQ(error.kind(), base::ErrorKind::kFile) << error.what();
    }
  }
}

}  // namespace
}  // namespace athanor::checkpoint
