// {"title", "section", "text"}: a paragraph of a book or paper, as .md and .tex files give them. Its title, section and key phrases
// (Text Rank, Mihalcea and Tarau 2004) become the question, in one of several wordings, and the paragraph is the answer. Wordings
// are in English, and in Chinese for a text without spaces between words, which has no key phrases here.

#include <nlohmann/json.hpp>

#include "athanor/core/base/philox.h"
#include "athanor/core/data/key_phrases.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/words.h"

namespace athanor::data {
namespace {

constexpr size_t kPhrasesOfAQuestion = 3, kBytesForPhrases = size_t{1} << 16;

/// {where}: of what; {about}: " about a, b and c", or nothing.
constexpr std::string_view kEnglish[] = {"Write a paragraph of {where}{about}.", "What does {where} say{about}?",
                                         "You are writing {where}. Write its part{about}.",
                                         "Continue {where} with a paragraph{about}."};
constexpr std::string_view kChinese[] = {"请写出{where}中的一段。", "{where}讲了什么？", "请为{where}写一段文字。"};

std::string place_of(const std::string& title, const std::string& section, bool chinese) {
  if (chinese) {
    if (title.empty() && section.empty()) return "一篇文章";
    return title.empty() ? "“" + section + "”一节" : "《" + title + "》" + (section.empty() ? "" : "“" + section + "”一节");
  }
  if (title.empty() && section.empty()) return "a text";
  if (section.empty()) return "\"" + title + "\"";
  return "the section \"" + section + "\"" + (title.empty() ? "" : " of \"" + title + "\"");
}

std::string subject_of(const std::string& text) {
  const std::vector<std::string> phrases = key_phrases(std::string_view(text).substr(0, kBytesForPhrases), kPhrasesOfAQuestion);
  std::string subject;
  for (size_t i = 0; i < phrases.size(); ++i)
    subject += (i == 0 ? " about " : i + 1 == phrases.size() ? " and " : ", ") + phrases[i];
  return subject;
}

void replace_slot(std::string& text, std::string_view slot, const std::string& with) {
  if (const size_t at = text.find(slot); at != std::string::npos) text.replace(at, slot.size(), with);
}

}  // namespace

bool is_passage(const FormRow& row) { return row.has("text") && row.has("section"); }

Sample make_passage(const FormRow& row) {
  const std::string text = row.text("text");
  const bool chinese = lacks_spaces(text);
  const std::span<const std::string_view> wordings = chinese ? std::span<const std::string_view>(kChinese) : kEnglish;
  base::Philox random(row.draw(), 1, base::Purpose::kSampling);
  std::string question(wordings[random.below(wordings.size())]);
  replace_slot(question, "{about}", chinese ? "" : subject_of(text));
  replace_slot(question, "{where}", place_of(row.text_or_empty("title"), row.text_or_empty("section"), chinese));
  Sample sample{.kind = Sample::Kind::kChat};
  sample.messages =
      std::make_shared<base::Json>(base::Json::array({chat_message("user", std::move(question)), chat_message("assistant", text)}));
  return sample;
}

}  // namespace athanor::data
