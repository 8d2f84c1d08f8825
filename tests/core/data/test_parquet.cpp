#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/source.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

namespace fs = std::filesystem;

std::vector<base::Json> rows_of(const fs::path& file) {
  std::vector<base::Json> rows;
  const auto reader = open_rows(file);
  for (RawRow raw; reader->next(raw);) {
    EXPECT_EQ(raw.line, static_cast<int64_t>(rows.size()) + 1);
    rows.push_back(reader->parse(raw));
  }
  return rows;
}

/// The message of the file_error that reading gives; "" where it gives rows.
std::string refusal_of(const fs::path& file) {
  try {
    rows_of(file);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 3) << error.what();
    return error.what();
  }
  return "";
}

TEST(Parquet, RowsAreThoseOfPyarrow) {
  if (!reads_parquet()) GTEST_SKIP() << "built without PARQUET=1";
  const testing::Golden golden("core_data/parquet");
  for (const char* name : {"numbers", "nested", "empty"}) {
    const auto rows = rows_of(golden.path() / base::cat(name, ".parquet"));
    ASSERT_EQ(rows.size(), golden.json()[name].size()) << name;
    for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], golden.json()[name][i]) << name;
  }
  const auto rows = rows_of(golden.path() / "texts.parquet");
  ASSERT_EQ(rows.size(), 2500u) << "of four row groups";
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rows[i], golden.json()["texts"][i]);
    EXPECT_EQ(rows[2497 + i], golden.json()["texts"][3 + i]);
  }
  EXPECT_STREQ(base::find_row(source_formats(), "parquet", "test").extensions[0].c_str(), ".parquet");
}

TEST(Parquet, NestedColumnsAreSamples) {
  if (!reads_parquet()) GTEST_SKIP() << "built without PARQUET=1";
  const testing::Golden golden("core_data/parquet");
  const auto rows = rows_of(golden.path() / "nested.parquet");
  SampleMaker maker({});
  EXPECT_STREQ(maker.begin(rows[0], "f", 1).name, "messages");
}

TEST(Parquet, ADocumentIsTheColumnText) {
  if (!reads_parquet()) GTEST_SKIP() << "built without PARQUET=1";
  const testing::Golden golden("core_data/parquet");
  const testing::TempFolder folder;
  int documents = 0;
  try {  // the first row's text is null
    read_documents(golden.path() / "texts.parquet", {}, [&](std::string_view) { ++documents; });
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_NE(std::string(error.what()).find("texts.parquet:1: value of \"text\" is not text"), std::string::npos) << error.what();
  }
  EXPECT_EQ(documents, 0);
}

TEST(Parquet, BrokenFilesAreRefused) {
  if (!reads_parquet()) GTEST_SKIP() << "built without PARQUET=1";
  const testing::Golden golden("core_data/parquet");
  const testing::TempFolder folder;
  const std::string whole = base::read_text_file(golden.path() / "numbers.parquet");
  EXPECT_NE(refusal_of(folder.write("a.parquet", "")).find("a.parquet: bad Parquet"), std::string::npos);
  EXPECT_NE(refusal_of(folder.write("a.parquet", "PAR1 is not enough PARX")).find("bad Parquet"), std::string::npos);
  EXPECT_NE(refusal_of(folder.write("a.parquet", "PARX" + whole.substr(4, whole.size() - 8) + "PARX")), "");
  for (size_t size = 0; size < whole.size(); size += 97)
    EXPECT_NE(refusal_of(folder.write("a.parquet", whole.substr(0, size))), "") << size;
  int refused = 0;
  for (size_t at = 4; at < whole.size(); at += 3) {  // rows or a refusal, whatever byte is wrong
    std::string broken = whole;
    broken[at] = static_cast<char>(broken[at] ^ 0x55);
    refused += !refusal_of(folder.write("a.parquet", broken)).empty();
  }
  EXPECT_GT(refused, 100);
}

TEST(Parquet, WithoutArrowTheErrorSaysWhatToRun) {
  if (reads_parquet()) GTEST_SKIP() << "built with PARQUET=1";
  const testing::TempFolder folder;
  try {
    rows_of(folder.write("a.parquet", "PAR1"));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_NE(std::string(error.what()).find("PARQUET=1"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace athanor::data
