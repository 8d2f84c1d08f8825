#include <gtest/gtest.h>

#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/tokenizers/regex.h"
#include "athanor/core/text/tokenizers/scanners/scanner.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "tests/core/text/random_text.h"
#include "tests/testing/data.h"

namespace athanor::text {
namespace {

using Ends = std::vector<size_t>;

Ends scanned(Scan scan, std::string_view text) {
  Ends ends;
  for (size_t i = 0; i < text.size(); ends.push_back(i)) i = scan(text, i);
  return ends;
}

Ends matched(const Regex& regex, std::string_view text) {
  Ends ends;
  regex.parts(text, [&](size_t begin, size_t end, bool is_match) {
    EXPECT_TRUE(is_match) << "the pattern leaves bytes " << begin << " to " << end << " out";
    ends.push_back(end);
  });
  return ends;
}

void expect_equal_on(std::string_view text) {
  for (const ScannerRow& row : scanners()) {
    Regex regex(row.regex, row.name);
    ASSERT_EQ(scanned(row.scan, text), matched(regex, text)) << row.name << ": " << text.substr(0, 200);
  }
}

TEST(Scanners, KnownByTheExactText) {
  for (const ScannerRow& row : scanners()) EXPECT_EQ(find_scanner(row.regex), row.scan);
  EXPECT_EQ(find_scanner(""), nullptr);
  EXPECT_EQ(find_scanner(std::string(scanners()[0].regex) + " "), nullptr);
}

TEST(Scanners, EqualPcre2OnRandomStrings) {
  std::vector<Regex> regexes;
  for (const ScannerRow& row : scanners()) regexes.emplace_back(row.regex, row.name);
  Random random(7);
  for (int n = 0; n < 20000; ++n) {
    std::string text = random_string(random);
    for (size_t i = 0; i < regexes.size(); ++i)
      ASSERT_EQ(scanned(scanners()[i].scan, text), matched(regexes[i], text)) << scanners()[i].name << ": " << text;
  }
}

TEST(Scanners, EqualPcre2OnAllShortStrings) {
  // every string of four of these: the borders between alternatives
  const char* pieces[] = {"a", "A", "1", " ", "\n", "'", "s", ".", "/", "\xcc\x81", "\xe6\x97\xa5", "\xc2\xa0"};
  std::vector<Regex> regexes;
  for (const ScannerRow& row : scanners()) regexes.emplace_back(row.regex, row.name);
  for (int n = 0; n < 12 * 12 * 12 * 12; ++n) {
    std::string text;
    for (int k = 0, rest = n; k < 4; ++k, rest /= 12) text += pieces[rest % 12];
    for (size_t i = 0; i < regexes.size(); ++i)
      ASSERT_EQ(scanned(scanners()[i].scan, text), matched(regexes[i], text)) << scanners()[i].name << ": " << text;
  }
}

TEST(RealScanners, EqualPcre2OnEveryText) {
  for (const char* name : {"text/tinyshakespeare.txt", "text/wikitext-2.test.txt", "text/c4_demo.jsonl", "text/wiki_demo.txt",
                           "instructions/alpaca_zh_demo.json", "instructions/glaive_toolcall_en_demo.json",
                           "preferences/dpo_zh_demo.json", "vocab/ggml-vocab-gpt-2.gguf.inp"}) {
    ATH_NEEDS_DATA(name);
    SCOPED_TRACE(name);
    expect_equal_on(base::read_text_file(testing::data_path(name)));
  }
}

}  // namespace
}  // namespace athanor::text
