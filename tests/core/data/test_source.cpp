#include <gtest/gtest.h>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/source.h"
#include "tests/testing/cases.h"
#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

using Documents = std::vector<std::string>;

Documents read(const std::filesystem::path& file, const SourceOptions& options = {}) {
  Documents documents;
  read_documents(file, options, [&](std::string_view document) { documents.emplace_back(document); });
  return documents;
}

TEST(Sources, JsonlCases) {
  for (const testing::Case& one : testing::read_cases(testing::source_path("tests/malformed/jsonl.cases"))) {
    SCOPED_TRACE(base::cat("jsonl.cases:", one.line, " ", one.name));
    const testing::TempFolder folder;
    std::string outcome;
    int exit_code = 0;
    try {
      for (const std::string& document : read(folder.write("f.jsonl", one.input)))
        outcome += (outcome.empty() ? "" : "|") + document;
    } catch (const base::Error& error) {
      outcome = error.what();
      exit_code = error.exit_code();
      EXPECT_TRUE(outcome.starts_with("[data.")) << outcome;
    }
    EXPECT_EQ(exit_code, one.exit_code) << outcome;
    EXPECT_NE(outcome.find(one.expected), std::string::npos) << outcome;
    if (one.exit_code == 0 && one.expected.empty()) {
      EXPECT_EQ(outcome, "");
    }
  }
}

TEST(Sources, JsonlReadsTheKeyThatIsAskedFor) {
  const testing::TempFolder folder;
  EXPECT_EQ(read(folder.write("f.ndjson", "{\"content\": \"x\", \"text\": \"y\"}\n"), {"content", ""}), Documents{"x"});
}

TEST(Sources, JsonlLineOverTheLimit) {
  const testing::TempFolder folder;
  const auto path = folder.write("f.jsonl", "{\"text\": \"a\"}\n{\"text\": \"" + std::string((64u << 20) + 1, 'x') + "\"}\n");
  try {
    read(path);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 3);
    EXPECT_NE(std::string(error.what()).find("f.jsonl:2: line is too long"), std::string::npos) << error.what();
  }
}

TEST(Sources, JsonlLongLineWithinTheLimit) {
  const testing::TempFolder folder;
  const std::string text(3 << 20, 'x');
  EXPECT_EQ(read(folder.write("f.jsonl", "{\"text\": \"a\"}\n{\"text\": \"" + text + "\"}\n")), (Documents{"a", text}));
}

TEST(Sources, AFileIsOneDocument) {
  const testing::TempFolder folder;
  EXPECT_EQ(read(folder.write("a.txt", "one\n\ntwo\n")), Documents{"one\n\ntwo\n"});
  EXPECT_EQ(read(folder.write("noextension", "x")), Documents{"x"});
  EXPECT_EQ(read(folder.write("bom.txt", "\xEF\xBB\xBFx")), Documents{"x"});
  EXPECT_EQ(read(folder.write("empty.txt", "")), Documents{});
}

TEST(Sources, DocumentsBetweenMarkers) {
  const testing::TempFolder folder;
  const SourceOptions marker{"text", "<|endoftext|>"};
  EXPECT_EQ(read(folder.write("a.txt", "one<|endoftext|>two\n<|endoftext|>"), marker), (Documents{"one", "two\n"}));
  EXPECT_EQ(read(folder.write("b.txt", "<|endoftext|><|endoftext|>x"), marker), Documents{"x"});
  EXPECT_EQ(read(folder.write("c.txt", "<|endoftext|"), marker), Documents{"<|endoftext|"});
}

TEST(Sources, DocumentsBetweenBlankLines) {
  const testing::TempFolder folder;
  const SourceOptions blank{"text", "blank-lines"};
  EXPECT_EQ(read(folder.write("a.txt", "one\nmore\n\n \t\r\ntwo\n\n"), blank), (Documents{"one\nmore", "two"}));
  EXPECT_EQ(read(folder.write("b.txt", "\n\n\n"), blank), Documents{});
  EXPECT_EQ(read(folder.write("c.txt", "x"), blank), Documents{"x"});
}

TEST(Sources, OtherFormatsAreRefused) {
  const testing::TempFolder folder;
  for (const char* name : {"a.arrow", "a.xlsx", "a.txt.xz"}) {
    try {
      read(folder.write(name, "x"));
      FAIL() << name;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit_code(), 2);
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(read(folder / "missing.txt"), base::Error);
}

TEST(Sources, TheExtensionChoosesTheFormat) {
  const SourceFormat& jsonl = base::find_row(source_formats(), "jsonl", "test");
  EXPECT_EQ(jsonl.extensions, (std::vector<std::string>{".jsonl", ".ndjson"}));
  EXPECT_TRUE(base::find_row(source_formats(), "text", "test").extensions.empty());
  testing::TempFolder folder;
  EXPECT_EQ(read(folder.write("f.ndjson", "{\"text\": \"a\"}\n")), (Documents{"a"}));
  EXPECT_EQ(read(folder.write("f.log", "{\"text\": \"a\"}\n")), (Documents{"{\"text\": \"a\"}\n"}));
}

TEST(Sources, EveryFileOfTheShelvesHasARow) {
  std::vector<std::string> rows, files;
  for (const base::Shelf& shelf : shelves())
    for (const base::Entry& entry : shelf.entries) rows.emplace_back(entry.file);
  const auto room = testing::source_path("athanor/core/data");
  for (const char* shelf : {"sources", "cleaning", "forms", "augmenting"})
    for (const auto& entry : std::filesystem::directory_iterator(room / shelf))
      files.push_back(std::string(shelf) + "/" + entry.path().filename().string());
  std::sort(rows.begin(), rows.end());
  std::sort(files.begin(), files.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());  // csv and tsv share a file
  EXPECT_EQ(rows, files);
}

}  // namespace
}  // namespace athanor::data
