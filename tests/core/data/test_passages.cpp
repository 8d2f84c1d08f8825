#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/key_phrases.h"
#include "athanor/core/data/page_lines.h"
#include "athanor/core/data/passages.h"
#include "athanor/core/data/sample.h"
#include "tests/testing/golden.h"
#include "tests/testing/temp_folder.h"

namespace athanor::data {
namespace {

/// "line title|section|text" of each.
std::vector<std::string> told(const std::vector<Passage>& passages) {
  std::vector<std::string> all;
  for (const Passage& one : passages) all.push_back(base::cat(one.line, " ", one.title, "|", one.section, "|", one.text));
  return all;
}

using Told = std::vector<std::string>;

TEST(Passages, OfMarkdown) {
  const char* text =
      "---\ntitle: \"On Stones\"\nauthor: x\n---\n"
      "Before any\nheading.\n\n"
      "# Kinds #\nStones are hard, for exam-\nple granite.\nThey last.\n\n\n"
      "## Soft ones\n- chalk\n- talc, which\n  is softer\n\n"
      "```python\nfor s in stones:\n\n    print(s)  # not a heading\n```\n"
      "| a | b |\n|---|---|\n| 1 | 2 |\nAfter the table.\n\n$$\nx = y\n$$\n\n"
      "![picture](p.png)\n<!-- hidden -->\n[link]: http://example.org\n\n"
      "Hard ones\n---------\n天气\n很好。\n\n***\n## References\n[1] A book.\n\n### More\nx\n\n# Kinds\nagain\n";
  EXPECT_EQ(told(passages_of_text(text, false)),
            (Told{"5 On Stones||Before any heading.", "9 On Stones|Kinds|Stones are hard, for example granite. They last.",
                  "15 On Stones|Kinds > Soft ones|- chalk\n- talc, which is softer",
                  "19 On Stones|Kinds > Soft ones|```python\nfor s in stones:\n\n    print(s)  # not a heading\n```",
                  "24 On Stones|Kinds > Soft ones|| a | b |\n|---|---|\n| 1 | 2 |",
                  "27 On Stones|Kinds > Soft ones|After the table.", "29 On Stones|Kinds > Soft ones|$$\nx = y\n$$",
                  "39 On Stones|Kinds > Hard ones|天气很好。", "50 On Stones|Kinds|again"}));
}

TEST(Passages, TheFirstHeadingIsTheTitle) {
  EXPECT_EQ(told(passages_of_text("# Book\none\n# Part\ntwo\n", false)), (Told{"2 Book||one", "4 Book|Part|two"}));
  EXPECT_EQ(told(passages_of_text("one line", false)), Told{"1 ||one line"});
  EXPECT_EQ(told(passages_of_text("", false)), Told{});
  EXPECT_EQ(told(passages_of_text("# \n```\nnever closed", false)), Told{"2 ||```\nnever closed"});
}

TEST(Passages, OfPlainText) {
  const char* text =
      "CHAPTER I\n\nIt was a dark night.\nIt rained.\n\n1. This is no heading because it ends.\n\n1.2 Results of it\n\nGood.\n\n"
      "THE END\n\nNot HERE\n\nReferences\n\n";
  EXPECT_EQ(told(passages_of_text(text, true)),
            (Told{"3 |CHAPTER I|It was a dark night. It rained.", "6 |CHAPTER I|1. This is no heading because it ends.",
                  "10 |CHAPTER I > 1.2 Results of it|Good.", "14 |THE END|Not HERE", "16 |THE END|References"}));
}

TEST(Passages, WhatPagesAddIsLeftOut) {
  std::string pages, expected;
  for (int page = 1; page <= 4; ++page) {
    const std::string body =
        base::cat("Text of page ", std::string(1, static_cast<char>('a' + page)), " goes\nover to the\nnext, which is not ",
                  std::string(1, static_cast<char>('k' + page)), "\n");
    pages += base::cat("The Book      ", page, "\n\n", body, "\n", page + 8, "\n", page < 4 ? "\f" : "");
    expected += "\n" + body + "\n";
  }
  EXPECT_EQ(without_page_lines(pages), expected);
  EXPECT_EQ(without_page_lines("12\nno pages\n12\n"), "12\nno pages\n12\n");
}

TEST(Passages, OfLatex) {
  const char* text =
      "\\documentclass{article}\n\\title{On \\emph{Stones}}\n% a comment\n\\begin{document}\n\\maketitle\n"
      "\\begin{abstract}\nStones are\n% hidden\nhard~\\cite{a,b}, 50\\% of them.\n\\end{abstract}\n\n"
      "\\section{Kinds}\\label{k}\nA ``soft'' one --- see $a_b\\,c$ \\textbf{now}\\footnote{no {x} y}.\n"
      "\\begin{equation}\nE = mc^2 % kept\n\\end{equation}\nThen more.\n\n"
      "\\begin{figure}\n\\caption{not this}\n\\end{figure}\n\\subsection*{Lists}\n\\begin{itemize}\n\\item one\n\\item "
      "two\n\\end{itemize}\n\n"
      "\\[\nx\n\\]\n\\paragraph{Last.} Words here.\n\\bibliography{x}\n\\begin{thebibliography}{9}\n\\bibitem{a} A.\n"
      "\\end{thebibliography}\n\\end{document}\nnot this\n";
  EXPECT_EQ(told(passages_of_latex(text)),
            (Told{"7 On Stones|Abstract|Stones are hard, 50% of them.",
                  "13 On Stones|Kinds|A \"soft\" one \xE2\x80\x94 see $a_b\\,c$ now.",
                  "14 On Stones|Kinds|\\begin{equation}\nE = mc^2 % kept\n\\end{equation}", "17 On Stones|Kinds|Then more.",
                  "24 On Stones|Kinds > Lists|- one\n- two", "28 On Stones|Kinds > Lists|\\[\nx\n\\]",
                  "31 On Stones|Kinds > Lists > Last.|Words here."}));
}

TEST(Passages, BrokenLatexEnds) {
  for (const char* text :
       {"\\begin{figure}", "\\section{", "$", "\\", "{{{{", "\\title{", "\\begin{equation}", "\\emph", "\\footnote{", "\\(x"})
    EXPECT_LE(passages_of_latex(text).size(), 1u) << text;
  EXPECT_EQ(told(passages_of_latex(std::string(1 << 20, '{') + "a")), Told{"1 ||a"});
}

TEST(Passages, AreRowsAndDocuments) {
  const testing::TempFolder folder;
  std::vector<std::string> documents;
  const DocumentVisitor keep = [&](std::string_view text) { documents.emplace_back(text); };
  const auto book = folder.write("b.md", "# T\none\n\n## S\ntwo \xFF\n");
  read_documents(book, {}, keep);
  read_documents(folder.write("p.tex", "\\section{S}\nthree\n"), {}, keep);
  read_documents(folder.write("p.txt", "INTRO\n\nfour\nfive\n"), {"text", "paragraphs"}, keep);
  EXPECT_EQ(documents, (std::vector<std::string>{"one", "two \xEF\xBF\xBD", "three", "four five"}));
  EXPECT_STREQ(base::find_row(source_formats(), "markdown", "test").file, "sources/markdown.cpp");
  EXPECT_STREQ(base::find_row(source_formats(), "latex", "test").file, "sources/latex.cpp");
  const auto rows = open_rows(book);
  RawRow raw;
  ASSERT_TRUE(rows->next(raw) && rows->next(raw));
  EXPECT_EQ(rows->parse(raw)["section"], "S");
  EXPECT_EQ(raw.line, 5);
}

TEST(KeyPhrases, AreNumpys) {
  const testing::Golden golden("core_data/key_phrases");
  double worst = 0;
  for (const auto& one : golden.json()["cases"]) {
    const std::string text = one["text"];
    const auto scores = word_scores(text);
    ASSERT_EQ(scores.size(), one["scores"].size()) << text;
    for (size_t i = 0; i < scores.size(); ++i) {
      EXPECT_EQ(scores[i].first, one["scores"][i][0]);
      worst = std::max(worst, std::abs(scores[i].second - one["scores"][i][1].get<double>()));
    }
    std::vector<std::string> phrases = key_phrases(text, 4);
    for (std::string& phrase : phrases)
      for (char& c : phrase) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_EQ(phrases, one["phrases"].get<std::vector<std::string>>()) << text;
  }
  EXPECT_LE(worst, golden.tolerance("scores"));
  std::printf("largest difference of a score: %.1e\n", worst);
  EXPECT_TRUE(key_phrases("天气很好我们去公园散步", 3).empty());
}

std::string question(const base::Json& row, int64_t line, int64_t pass) {
  SampleMaker maker({"passage", {}, {}, {}});
  maker.begin(row, "f", 1);
  std::set<std::string> unfilled;
  const Sample sample = maker.make(row, "f", line, unfilled, pass);
  EXPECT_EQ((*sample.messages)[1]["content"], row["text"]);
  return (*sample.messages)[0]["content"];
}

TEST(PassageForm, AsksForTheParagraph) {
  const base::Json row = {
      {"title", "On Stones"}, {"section", "Kinds > Soft"}, {"text", "Granite mountains resist; granite lasts."}};
  const base::Json bare = {{"title", ""}, {"section", ""}, {"text", "it is"}},
                   chinese = {{"title", "石头"}, {"section", ""}, {"text", "石头很硬。"}};
  std::set<std::string> wordings, others;
  for (int64_t line = 1; line < 40; ++line) {
    const std::string text = question(row, line, 0);
    EXPECT_EQ(text, question(row, line, 0));
    EXPECT_NE(text.find("the section \"Kinds > Soft\" of \"On Stones\""), std::string::npos) << text;
    EXPECT_NE(text.find(" about Granite mountains resist"), std::string::npos) << text;
    EXPECT_EQ(text.find('{'), std::string::npos) << text;
    wordings.insert(text), others.insert(question(row, 1, line));
    EXPECT_EQ(question(bare, line, 0).find("about"), std::string::npos);
    EXPECT_NE(question(chinese, line, 0).find("《石头》"), std::string::npos);
  }
  EXPECT_EQ(wordings.size(), 4u);
  EXPECT_EQ(others.size(), 4u) << "other passes draw other wordings";
}

}  // namespace
}  // namespace athanor::data
