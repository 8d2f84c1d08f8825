#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/philox.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/hash_counts.h"
#include "athanor/core/data/words.h"
#include "tests/testing/golden.h"

namespace athanor::data {
namespace {

const CleaningMethod& method(std::string_view name) { return base::find_row(cleaning_methods(), name, "test"); }

std::string after(std::string_view name, std::string text, Cleaned expected) {
  EXPECT_EQ(method(name).make({})(text), expected) << name;
  return text;
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

void compare(const char* name, const char* key) {
  const testing::Golden golden("core_data/cleaning");
  int changed = 0;
  for (const auto& pair : golden.json().at(key)) {
    const std::string before = bytes_of(pair[0]), expected = bytes_of(pair[1]);
    changed += before != expected;
    EXPECT_EQ(after(name, before, before == expected ? Cleaned::kSame : Cleaned::kChanged), expected) << pair[0];
  }
  EXPECT_GT(changed, 50);
}

TEST(Cleaning, RepairsAsPythonDoes) { compare("repair-utf8", "repair"); }

TEST(Cleaning, ComposesAsPythonDoes) { compare("nfc", "nfc"); }

TEST(Cleaning, Newlines) {
  EXPECT_EQ(after("newlines", "a\r\nb\rc\n\r\r\n", Cleaned::kChanged), "a\nb\nc\n\n\n");
  EXPECT_EQ(after("newlines", "a\nb", Cleaned::kSame), "a\nb");
}

TEST(Cleaning, Controls) {
  EXPECT_EQ(after("controls", std::string("a\0b\tc\n\x1b[0m\x7f\r\xC2\x85 \xC2\xA0\xC3\xA9", 20), Cleaned::kChanged),
            "ab\tc\n[0m\r \xC2\xA0\xC3\xA9");
  EXPECT_EQ(after("controls", "é汉\t\n", Cleaned::kSame), "é汉\t\n");
}

TEST(Cleaning, EmptyAndDuplicates) {
  after("drop-empty", " \t\n", Cleaned::kDropped);
  after("drop-empty", " a ", Cleaned::kSame);
  CleaningStep step = method("drop-duplicates").make({});
  std::string a = "a", b = "b", again = "a";
  EXPECT_EQ(step(a), Cleaned::kSame);
  EXPECT_EQ(step(b), Cleaned::kSame);
  EXPECT_EQ(step(again), Cleaned::kDropped);
}

TEST(Cleaning, StepsRunInOrderAndAreCounted) {
  Cleaner cleaner({}, true);
  std::vector<std::string> kept;
  for (std::string document : {"a\r\nb", "a\nb", "\x01\n", "\xff"})
    if (cleaner.clean(document)) kept.push_back(document);
  EXPECT_EQ(kept, (std::vector<std::string>{"a\nb", "\xEF\xBF\xBD"}));
  using Counts = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(cleaner.counts(),
            (Counts{{"repair-utf8", 1}, {"newlines", 1}, {"controls", 1}, {"drop-empty", 1}, {"drop-duplicates", 1}}));
}

TEST(Cleaning, HeldOutTextIsNotDropped) {
  Cleaner cleaner({}, false);
  std::string first = "a\r", second = "a\r";
  EXPECT_TRUE(cleaner.clean(first));
  EXPECT_TRUE(cleaner.clean(second));
  EXPECT_EQ(second, "a\n");
}

TEST(Cleaning, AStepThatIsOffDoesNothing) {
  CleaningOptions off{false, false, false, false, false, false, false, false, false, false, false};
  Cleaner cleaner(off, true);
  std::string text = "\xff\r\n\x01";
  EXPECT_TRUE(cleaner.clean(text));
  EXPECT_EQ(text, "\xff\r\n\x01");
}

TEST(Cleaning, GophersRulesAsPythonHasThem) {
  const testing::Golden golden("core_data/filters");
  int dropped = 0;
  for (const auto& one : golden.json().at("cases")) {
    const std::string text = one[0];
    after("gopher-quality", text, one[1].get<bool>() ? Cleaned::kSame : Cleaned::kDropped);
    after("gopher-repetition", text, one[2].get<bool>() ? Cleaned::kSame : Cleaned::kDropped);
    dropped += !one[1].get<bool>() || !one[2].get<bool>();
  }
  EXPECT_GT(dropped, 100);
  after("gopher-quality", "天气很好。我们去公园散步。", Cleaned::kSame);
}

TEST(Cleaning, LinesThatAreNoSentences) {
  EXPECT_EQ(
      after("c4-lines",
            "Home | About\nThis is a sentence.\nShare\nWe use cookies. See our cookie policy.\nToo short.\n今天天气很好。\n更多",
            Cleaned::kChanged),
      "This is a sentence.\n今天天气很好。");
  after("c4-lines", "All of this stays.", Cleaned::kSame);
}

/// Exact Jaccard similarity of word 5-grams (of characters in Chinese).
double jaccard(const std::vector<uint64_t>& a, const std::vector<uint64_t>& b) {
  std::vector<uint64_t> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return static_cast<double>(both.size()) / static_cast<double>(a.size() + b.size() - both.size());
}

/// Documents of 60 to 200 words of which many are earlier ones with some words changed.
std::vector<std::string> documents_with_copies(bool chinese) {
  base::Philox random(1, 0, base::Purpose::kTest);
  auto word = [&] {
    if (!chinese) return "w" + std::to_string(random.below(3000)) + " ";
    const auto c = static_cast<uint32_t>(0x4E00 + random.below(3000));
    return std::string{static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
                       static_cast<char>(0x80 | (c & 0x3F))};
  };
  std::vector<std::vector<std::string>> all;
  for (int i = 0; i < 600; ++i) {
    std::vector<std::string> words;
    if (i > 100 && random.uniform() < 0.5F) {
      words = all[random.below(all.size())];
      const uint64_t changes = random.below(words.size() / 15 + 1);
      for (uint64_t k = 0; k < changes; ++k) words[random.below(words.size())] = word();
    } else {
      for (uint64_t k = 60 + random.below(140); k > 0; --k) words.push_back(word());
    }
    all.push_back(words);
  }
  std::vector<std::string> texts;
  for (const auto& words : all) {
    texts.emplace_back();
    for (const std::string& one : words) texts.back() += one;
  }
  return texts;
}

TEST(Cleaning, NearDuplicatesAgainstAllPairs) {
  for (bool chinese : {false, true}) {
    CleaningStep step = method("drop-near-duplicates").make({});
    std::vector<std::vector<uint64_t>> kept;
    int found = 0, right = 0, missed = 0, borderline = 0;
    for (std::string text : documents_with_copies(chinese)) {
      const auto own = shingles(text, 5);
      double nearest = 0;
      for (const auto& other : kept) nearest = std::max(nearest, jaccard(own, other));
      const bool dropped = step(text) == Cleaned::kDropped;
      found += dropped, right += dropped && nearest >= 0.8, missed += !dropped && nearest >= 0.8;
      borderline += dropped && nearest < 0.8 && nearest >= 0.7;
      EXPECT_FALSE(dropped && nearest < 0.65) << nearest;
      if (!dropped) kept.push_back(own);
    }
    const double precision = static_cast<double>(right) / found, recall = static_cast<double>(right) / (right + missed);
    std::printf("%s: %d found, precision %.3f (with 0.7 to 0.8: %.3f), recall %.3f\n", chinese ? "zh" : "en", found, precision,
                static_cast<double>(right + borderline) / found, recall);
    EXPECT_GT(found, 50);
    EXPECT_GE(precision, 0.85);
    EXPECT_GE(recall, 0.85);
  }
}

TEST(Cleaning, LinesThatManyDocumentsShare) {
  const CleaningStep step = method("boilerplate").make({});
  for (int i = 0; i < 14; ++i) {
    std::string text = "Read More - page " + std::to_string(i) + "\n}\nBody number " + std::string(1, static_cast<char>('a' + i)) +
                       ".\n  read more - PAGE 7\n";
    const std::string body = "}\nBody number " + std::string(1, static_cast<char>('a' + i)) + ".\n";
    const std::string before = text;
    // page 0 .. 9 and page 7 are one line in lower case with 0 for a digit; page 10 .. 13 are another
    const Cleaned expected = i < 10 ? Cleaned::kSame : Cleaned::kChanged;
    EXPECT_EQ(step(text), expected) << i;
    EXPECT_EQ(text, i < 10 ? before : "Read More - page " + std::to_string(i) + "\n" + body) << i;
  }
  std::string last = "read more - page 5";
  EXPECT_EQ(step(last), Cleaned::kChanged);
  EXPECT_EQ(last, "");
}

TEST(Cleaning, TheReportSaysWhatWasRemoved) {
  CleaningOptions options;
  options.nfc = true;
  Cleaner cleaner(options, true);
  for (std::string document : {"a\r\nb", "twice", "twice", "zero\x01\x02 width", "\xff", "e\xCC\x81", "  "})
    cleaner.clean(document);
  std::map<std::string, StepReport> reports;
  for (const StepReport& report : cleaner.report()) reports[report.step] = report;
  EXPECT_EQ(reports["newlines"], (StepReport{"newlines", 1, 1, {"\\r"}}));
  EXPECT_EQ(reports["drop-duplicates"], (StepReport{"drop-duplicates", 1, 5, {"twice"}}));
  EXPECT_EQ(reports["controls"], (StepReport{"controls", 1, 2, {"\\x01\\x02"}}));
  EXPECT_EQ(reports["repair-utf8"], (StepReport{"repair-utf8", 1, -2, {"\\xFF"}}));
  EXPECT_EQ(reports["drop-empty"], (StepReport{"drop-empty", 1, 2, {"  "}}));
  EXPECT_EQ(reports["nfc"].count, 1);
  for (int i = 0; i < 9; ++i) {
    std::string again = "twice";
    cleaner.clean(again);
  }
  EXPECT_EQ(cleaner.report()[5].step, "drop-duplicates");
  EXPECT_EQ(cleaner.report()[5].count, 10);
  EXPECT_EQ(cleaner.report()[5].examples.size(), 3u);
}

TEST(Cleaning, ManyAtOnceAreAsOneAfterTheOther) {
  CleaningOptions all;
  all.nfc = all.c4_lines = all.boilerplate = all.gopher_repetition = all.drop_near_duplicates = true;
  std::vector<std::string> texts;
  for (const std::string& text : documents_with_copies(false))
    texts.push_back(text + ".\r\n" + (texts.size() % 3 ? "ok" : "This is shared text."));
  for (size_t i = 0; i < 300; ++i) texts.push_back(texts[i]);
  std::vector<std::string> one = texts, many = texts;
  Cleaner slow(all, true), fast(all, true);
  std::vector<uint8_t> expected, kept(many.size());
  for (std::string& text : one) expected.push_back(slow.clean(text) ? 1 : 0);
  std::vector<std::string*> pointers;
  for (std::string& text : many) pointers.push_back(&text);
  fast.clean(pointers, kept);
  EXPECT_EQ(kept, expected);
  EXPECT_EQ(many, one);
  EXPECT_EQ(fast.report(), slow.report());
  EXPECT_GT(std::count(kept.begin(), kept.end(), 0), 300);
}

TEST(Cleaning, MemoryIsBounded) {
  HashCounts counts("drop-duplicates", 1);
  try {
    for (uint64_t i = 0; i < 200000; ++i) EXPECT_EQ(counts.add(base::hash64(std::to_string(i))), 1);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    EXPECT_NE(std::string(error.what()).find("57344 hashes held, 1 MiB"), std::string::npos) << error.what();
  }
  EXPECT_EQ(counts.add(base::hash64("7")), 2) << "what is held is still known";
  for (int i = 0; i < 300; ++i) counts.add(base::hash64("7"));
  EXPECT_EQ(counts.add(base::hash64("7")), 255);
}

TEST(Cleaning, ExcerptsAreSafe) {
  EXPECT_EQ(escaped_excerpt("a\nb\x1b[0m\xFF\xE6\xB1\x89", 100), "a\\nb\\x1B[0m\\xFF\xE6\xB1\x89");
  EXPECT_EQ(escaped_excerpt("ab\xE6\xB1\x89", 4), "ab...");
  EXPECT_EQ(escaped_excerpt("", 4), "");
}

}  // namespace
}  // namespace athanor::data
