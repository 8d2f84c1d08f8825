#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/source.h"
#include "tests/testing/cases.h"
#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

using base::Json;

std::vector<Json> rows_of(const std::filesystem::path& file) {
  std::vector<Json> rows;
  const auto reader = open_rows(file);
  for (RawRow raw; reader->next(raw);) rows.push_back(reader->parse(raw));
  return rows;
}

void expect_outcome(const testing::Case& one, const std::function<std::string()>& run) {
  std::string outcome;
  int exit_code = 0;
  try {
    outcome = run();
  } catch (const base::Error& error) {
    outcome = error.what();
    exit_code = error.exit_code();
    EXPECT_TRUE(outcome.starts_with("[data.")) << outcome;
    EXPECT_LE(outcome.size(), 400u);
  }
  EXPECT_EQ(exit_code, one.exit_code) << outcome;
  EXPECT_NE(outcome.find(one.expected), std::string::npos) << outcome;
  if (one.exit_code == 0) {
    EXPECT_EQ(outcome, one.expected);
  }
}

TEST(Rows, Cases) {
  for (const testing::Case& one : testing::read_cases(testing::source_path("tests/malformed/rows.cases"))) {
    SCOPED_TRACE(base::cat("rows.cases:", one.line, " ", one.name));
    const testing::TempFolder folder;
    const size_t line = std::min(one.input.find('\n'), one.input.size());
    const std::string contents = line < one.input.size() ? one.input.substr(line + 1) : "";
    const auto file = folder.write(one.input.substr(0, line), contents);
    expect_outcome(one, [&] {
      std::string outcome;
      for (const Json& row : rows_of(file)) outcome += (outcome.empty() ? "" : "|") + row.dump();
      return outcome;
    });
  }
}

std::string spoken(const Json& messages) {
  std::string out;
  for (const Json& message : messages) {
    std::string content = message.value("content", "");
    for (size_t at; (at = content.find('\n')) != std::string::npos;) content.replace(at, 1, "\\n");
    out += " " + message.value("role", "") + ":" + (message.contains("tool_calls") ? "+call" : content);
  }
  return out;
}

std::string told_sample(const Sample& sample) {
  const std::string tools = sample.tools ? " +tools" : "";
  switch (sample.kind) {
    case Sample::Kind::kChat:
      return "chat" + spoken(*sample.messages) + tools;
    case Sample::Kind::kCompletion:
      return "completion " + sample.prompt + " -> " + sample.text;
    case Sample::Kind::kPreference:
      return "preference" + spoken(*sample.messages) + " /" + spoken(*sample.chosen) + " /" + spoken(*sample.rejected);
    case Sample::Kind::kFeedback:
      return std::string("feedback ") + (sample.good ? "good" : "bad") + spoken(*sample.messages);
    case Sample::Kind::kLabelled:
      return "labelled " + sample.text + " -> " + sample.label;
    case Sample::Kind::kText:
      return "text " + sample.text;
  }
  return "";
}

std::string told_sample(const std::filesystem::path& file, const FormOptions& options) {
  SampleMaker maker(options);
  std::set<std::string> unfilled;
  std::string outcome;
  const auto reader = open_rows(file);
  bool begun = false;
  for (RawRow raw; reader->next(raw);) {
    Json row = reader->parse(raw);
    if (!begun) maker.begin(row, file.filename().string(), raw.line);
    begun = true;
    outcome += (outcome.empty() ? "" : "|") + told_sample(maker.make(std::move(row), file.filename().string(), raw.line, unfilled));
  }
  for (const std::string& name : unfilled) outcome += " unfilled:" + name;
  return outcome;
}

TEST(Samples, Cases) {
  FormOptions options;
  options.fill = base::parse_yaml("{name: Ada, author: Bob}", "test");
  for (const testing::Case& one : testing::read_cases(testing::source_path("tests/malformed/samples.cases"))) {
    SCOPED_TRACE(base::cat("samples.cases:", one.line, " ", one.name));
    const testing::TempFolder folder;
    const auto file = folder.write("f.jsonl", one.input);
    expect_outcome(one, [&] { return told_sample(file, options); });
  }
}

TEST(Samples, ColumnsAndFormCanBeNamed) {
  const testing::TempFolder folder;
  const auto file = folder.write("f.csv", "question,answer,text\nq,a,t\n");
  FormOptions options;
  EXPECT_EQ(told_sample(file, options), "text t");
  options.columns = base::parse_yaml("{instruction: question, output: answer}", "test");
  EXPECT_EQ(told_sample(file, options), "chat user:q assistant:a");
  options.form = "text";
  EXPECT_EQ(told_sample(file, options), "text t");
  options.form = "alpacca";
  EXPECT_THROW(SampleMaker{options}, base::Error);
  options.form = "";
  options.fill = base::parse_yaml("[a]", "test");
  EXPECT_THROW(SampleMaker{options}, base::Error);
}

TEST(Samples, EveryFormHasItsName) {
  std::vector<std::string> names;
  for (const SampleForm& form : sample_forms()) names.emplace_back(form.name);
  EXPECT_EQ(names, (std::vector<std::string>{"preference", "feedback", "messages", "sharegpt", "alpaca", "prompt-completion",
                                             "passage", "classification", "text"}));
}

TEST(Rows, EveryFormatHasItsName) {
  std::vector<std::string> names;
  for (const SourceFormat& format : source_formats()) names.emplace_back(format.name);
  EXPECT_EQ(names, (std::vector<std::string>{"jsonl", "json", "csv", "tsv", "parquet", "markdown", "latex", "text"}));
}

TEST(Rows, PackedFilesAreTheSame) {
  if (std::system("command -v zstd >/dev/null && command -v gzip >/dev/null") != 0) GTEST_SKIP() << "no gzip or zstd here";
  const testing::TempFolder folder;
  std::string lines, list = "[", table = "n,text\n";
  for (int i = 0; i < 20000; ++i) {
    const std::string row = base::cat("{\"n\": ", i, ", \"text\": \"", std::string(static_cast<size_t>(i % 300), 'x'), "\"}");
    lines += row + "\n";
    list += (i > 0 ? ",\n" : "") + row;
    table += base::cat(i, ",\"a\nb", std::string(static_cast<size_t>(i % 300), 'x'), "\"\n");
  }
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>("a.jsonl", lines), {"a.json", list + "]"}, {"a.csv", table}}) {
    const auto file = folder.write(name, text);
    const std::vector<Json> rows = rows_of(file);
    ASSERT_EQ(rows.size(), 20000u) << name;
    EXPECT_EQ(rows.back()["n"].dump(), name == "a.csv" ? "\"19999\"" : "19999");
    ASSERT_EQ(std::system(base::cat("cd ", folder.path().string(), " && gzip -k ", name, " && zstd -q -k ", name).c_str()), 0);
    EXPECT_EQ(rows_of(file.string() + ".gz"), rows) << name;
    EXPECT_EQ(rows_of(file.string() + ".zst"), rows) << name;
    for (const char* packing : {".gz", ".zst"}) {  // cut off: an error and not a shorter file
      std::filesystem::resize_file(file.string() + packing, std::filesystem::file_size(file.string() + packing) - 5);
      EXPECT_THROW(rows_of(file.string() + packing), base::Error) << packing;
    }
  }
}

TEST(Rows, TooLongIsRefusedInEveryFormat) {
  const testing::TempFolder folder;
  const std::string text((64u << 20) + 10, 'x');
  for (const auto& [name, contents] : {std::pair<std::string, std::string>("a.json", "[{\"a\": 1},\n{\"a\": \"" + text + "\"}]"),
                                       {"a.csv", "a\n\"" + text + "\"\n"}}) {
    try {
      rows_of(folder.write(name, contents));
      FAIL() << name;
    } catch (const base::Error& error) {
      EXPECT_NE(std::string(error.what()).find(name + ":2: line is too long"), std::string::npos) << error.what();
    }
  }
}

TEST(RealSamples, TheFormOfEveryFileIsFound) {
  ATH_NEEDS_DATA("instructions/alpaca_en_demo.json");
  const std::vector<std::tuple<const char*, const char*, size_t>> files = {
      {"instructions/alpaca_en_demo.json", "alpaca", 999},
      {"instructions/alpaca_zh_demo.json", "alpaca", 1000},
      {"instructions/identity.json", "alpaca", 91},
      {"instructions/glaive_toolcall_en_demo.json", "sharegpt", 300},
      {"preferences/dpo_en_demo.json", "preference", 300},
      {"preferences/dpo_zh_demo.json", "preference", 300},
      {"preferences/hh-harmless-base.jsonl", "preference", 1200},
      {"preferences/kto_en_demo.json", "feedback", 300},
      {"text/c4_demo.jsonl", "text", 300}};
  for (const auto& [name, form, count] : files) {
    SampleMaker maker({});
    std::set<std::string> unfilled;
    size_t made = 0;
    const auto reader = open_rows(testing::data_path(name));
    for (RawRow raw; reader->next(raw); ++made) {
      Json row = reader->parse(raw);
      if (made == 0) {
        EXPECT_STREQ(maker.begin(row, name, raw.line).name, form) << name;
      }
      const Sample sample = maker.make(std::move(row), name, raw.line, unfilled);
      EXPECT_FALSE(sample_text(sample).empty());
    }
    EXPECT_EQ(made, count) << name;
    EXPECT_EQ(unfilled.size(), name == std::string("instructions/identity.json") ? 2u : 0u) << name;
  }
}

}  // namespace
}  // namespace athanor::data
