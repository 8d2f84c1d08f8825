#include "athanor/run/generate/generate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "athanor/core/base/error.h"
#include "athanor/core/base/stop.h"
#include "tests/run/generate/list_tokenizer.h"

namespace athanor::generate {
namespace {

// Scores that name a script: after n tokens the n-th of `script` is best by far.
class Script final : public ScoreSource {
 public:
  Script(std::vector<text::TokenId> script, int64_t vocab, int64_t room)
      : script_(std::move(script)), scores_(static_cast<size_t>(vocab)), room_(room) {}
  std::span<float> append(std::span<const text::TokenId> ids) override {
    room_ -= static_cast<int64_t>(ids.size());
    appended.insert(appended.end(), ids.begin(), ids.end());
    std::fill(scores_.begin(), scores_.end(), 0.0f);
    scores_[static_cast<size_t>(script_.at(next_++ % script_.size()))] = fill;
    return scores_;
  }
  int64_t vocab_size() const override { return static_cast<int64_t>(scores_.size()); }
  int64_t room() const override { return room_; }
  std::vector<text::TokenId> appended;
  float fill = 50;

 private:
  std::vector<text::TokenId> script_;
  std::vector<float> scores_;
  size_t next_ = 0;
  int64_t room_;
};

const ListTokenizer kWords({"a", "b", "c", " ", "\xe2", "\x82", "\xac", "</s>"});
const std::vector<text::TokenId> kPrompt = {0, 3}, kEndGenerate = {7};

GenerateResult run_generate(std::vector<text::TokenId> script, const GenerateOptions& options, const OnText& on_text = {},
                            int64_t room = 100) {
  Script source(std::move(script), kWords.vocab_size(), room);
  return generate(source, kWords, kPrompt, kEndGenerate, options, on_text);
}

TEST(Generate, UntilTheEndToken) {
  const GenerateResult r = run_generate({0, 1, 2, 7, 1}, {.temperature = 0});
  EXPECT_EQ(r.text, "abc");
  EXPECT_EQ(r.ids, (std::vector<text::TokenId>{0, 1, 2, 7}));
  EXPECT_EQ(r.finish_reason, "stop");
  EXPECT_EQ(r.prompt_tokens, 2);
}

TEST(Generate, UntilTheLength) {
  EXPECT_EQ(run_generate({0, 1}, {.max_new_tokens = 3, .temperature = 0}).text, "aba");
  EXPECT_EQ(run_generate({0, 1}, {.max_new_tokens = 3, .temperature = 0}).finish_reason, "length");
  EXPECT_EQ(run_generate({0, 1}, {.max_new_tokens = 0}).ids.size(), 0u);
  const GenerateResult full = run_generate({0, 1}, {.max_new_tokens = 50, .temperature = 0}, {}, 5);
  EXPECT_EQ(full.ids.size(), 4u) << "three fit after the prompt, and the scores of the last give a fourth";
  EXPECT_EQ(full.finish_reason, "length");
}

TEST(Generate, IgnoreEosGoesOn) {
  const GenerateResult r = run_generate({0, 7, 1}, {.max_new_tokens = 3, .temperature = 0, .ignore_eos = true});
  EXPECT_EQ(r.text, "ab");
  EXPECT_EQ(r.ids.size(), 3u);
}

TEST(Generate, EveryTokenIsAppendedOnce) {
  Script source({0, 1, 2}, kWords.vocab_size(), 100);
  generate(source, kWords, kPrompt, kEndGenerate, {.max_new_tokens = 3, .temperature = 0});
  EXPECT_EQ(source.appended, (std::vector<text::TokenId>{0, 3, 0, 1}));
}

TEST(Generate, StopTextsAcrossTokensAreNeverShown) {
  std::vector<std::string> pieces;
  const GenerateResult r = run_generate({0, 1, 0, 1, 2, 2}, {.temperature = 0, .stop = {"abc"}}, [&](std::string_view piece) {
    pieces.emplace_back(piece);
    return true;
  });
  EXPECT_EQ(r.text, "ab");
  EXPECT_EQ(r.ids.size(), 5u);
  EXPECT_EQ(r.finish_reason, "stop");
  EXPECT_EQ(pieces, (std::vector<std::string>{"ab"}));
}

TEST(Generate, ASpecialTokenMayBeAStop) {
  const GenerateResult r = run_generate({0, 7, 1}, {.temperature = 0, .stop = {"</s>"}, .ignore_eos = true});
  EXPECT_EQ(r.text, "a");
  EXPECT_EQ(r.finish_reason, "stop");
}

TEST(Generate, RepeatedSentencesAreLeftOut) {
  const ListTokenizer words({"The king is dead", ".", " ", "Long live the king", "</s>"});
  for (const auto& [times, text, left_out] : {std::tuple(0, "The king is dead. The king is dead. Long live the king", 0),
                                              std::tuple(1, "The king is dead. Long live the king", 1),
                                              std::tuple(2, "The king is dead. The king is dead. Long live the king", 0)}) {
    Script source({0, 1, 2, 0, 1, 2, 3, 4}, words.vocab_size(), 100);
    std::string shown;
    const GenerateResult r = generate(source, words, std::vector<text::TokenId>{2}, std::vector<text::TokenId>{4},
                                      {.temperature = 0, .drop_repeated_sentences = times}, [&](std::string_view piece) {
                                        shown += piece;
                                        return true;
                                      });
    EXPECT_EQ(r.text, text);
    EXPECT_EQ(shown, text);
    EXPECT_EQ(r.sentences_dropped, left_out);
    EXPECT_EQ(r.ids.size(), 8u);
  }
}

TEST(Generate, CharactersComeWhole) {
  std::vector<std::string> pieces;
  const auto keep = [&](std::string_view piece) {
    pieces.emplace_back(piece);
    return true;
  };
  EXPECT_EQ(run_generate({0, 4, 5, 6, 1, 7}, {.temperature = 0}, keep).text,
            "a\xe2\x82\xac"
            "b");
  EXPECT_EQ(pieces, (std::vector<std::string>{"a", "\xe2\x82\xac", "b"}));
  EXPECT_EQ(run_generate({4, 5, 7}, {.temperature = 0}).text, "\xef\xbf\xbd")
      << "an unfinished character at the end becomes U+FFFD";
}

TEST(Generate, TheCallerMayCancel) {
  int calls = 0;
  const GenerateResult r = run_generate({0, 1, 2}, {.max_new_tokens = 50, .temperature = 0, .stop = {"cz"}},
                                        [&](std::string_view) { return ++calls < 2; });
  EXPECT_EQ(r.finish_reason, "cancelled");
  EXPECT_EQ(r.text, "ab");
  EXPECT_EQ(calls, 2);
}

TEST(Generate, CtrlCEndsIt) {
  base::request_stop();
  const GenerateResult r = run_generate({0, 1, 2}, {.max_new_tokens = 50, .temperature = 0});
  base::clear_stop();
  EXPECT_EQ(r.finish_reason, "cancelled");
  EXPECT_EQ(r.ids.size(), 1u);
}

TEST(Generate, LogprobsAreTheModelsOwn) {
  const GenerateResult r = run_generate({1, 7}, {.temperature = 0.5, .top_k = 1, .logprobs = 2});
  const double log_total = std::log(std::exp(50.0) + 7);
  ASSERT_EQ(r.logprobs.size(), 2u);
  EXPECT_NEAR(r.logprobs[0], 50 - log_total, 1e-6);
  ASSERT_EQ(r.top_logprobs[0].size(), 2u);
  EXPECT_EQ(r.top_logprobs[0][0].id, 1);
  EXPECT_EQ(r.top_logprobs[0][1].id, 0);
  EXPECT_NEAR(r.top_logprobs[0][1].logprob, -log_total, 1e-4);
}

TEST(Generate, SeedsRepeat) {
  const auto ids = [&](int64_t seed) {
    Script source({0}, kWords.vocab_size(), 100);
    source.fill = 0;
    return generate(source, kWords, kPrompt, {}, {.max_new_tokens = 30, .seed = seed}).ids;
  };
  EXPECT_EQ(ids(1), ids(1));
  EXPECT_NE(ids(1), ids(2));
}

std::string message_of_generate(const std::function<void()>& wrong) {
  try {
    wrong();
  } catch (const base::Error& e) {
    EXPECT_EQ(e.kind(), base::ErrorKind::kInput);
    return e.what();
  }
  return "no error";
}

TEST(Generate, MistakesAreNamed) {
  Script source({0}, kWords.vocab_size(), 100);
  EXPECT_EQ(message_of_generate([&] { generate(source, kWords, {}, kEndGenerate, {}); }),
            "[generate.prompt] the prompt has no token; expected at least one; try begin with the bos token");
  EXPECT_NE(message_of_generate([&] {
              generate(source, kWords, kPrompt, kEndGenerate, {.max_new_tokens = -1});
            }).find("[generate.max_new_tokens]"),
            std::string::npos);
  EXPECT_NE(message_of_generate([&] { generate(source, kWords, kPrompt, kEndGenerate, {.stop = {""}}); }).find("[generate.stop]"),
            std::string::npos);
  EXPECT_TRUE(source.appended.empty()) << "nothing ran before the options were known to be good";
  source.fill = NAN;
  for (double t : {0.0, 0.7, 1.0})
    EXPECT_NE(message_of_generate([&] {
                generate(source, kWords, kPrompt, kEndGenerate, {.temperature = t, .top_k = 2, .top_p = 0.5});
              }).find("got nan"),
              std::string::npos);
}

TEST(Generate, OptionsAreListed) {
  GenerateOptions options;
  base::read_options(base::parse_yaml("{temperature: 0.5, stop: END, top_k: 3, seed: 9}", "test"), options, "generate.options");
  EXPECT_EQ(options.temperature, 0.5);
  EXPECT_EQ(options.stop, std::vector<std::string>{"END"});
  EXPECT_EQ(options.top_k, 3);
  EXPECT_NE(message_of_generate([&] {
              base::read_options(base::parse_yaml("{temp: 1}", "test"), options, "generate.options");
            }).find("temperature"),
            std::string::npos);
  EXPECT_NE(message_of_generate([&] {
              base::read_options(base::parse_yaml("{top_p: 2}", "test"), options, "generate.options");
            }).find("top_p"),
            std::string::npos);
}

}  // namespace
}  // namespace athanor::generate
