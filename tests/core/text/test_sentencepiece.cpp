#include "athanor/core/text/sentencepiece.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/base64.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "tests/core/text/random_text.h"
#include "tests/testing/data.h"
#include "tests/testing/golden.h"

namespace athanor::text {
namespace {

using base::Json;
using Ids = std::vector<TokenId>;

constexpr EncodeOptions kPlain = {.add_special_tokens = false, .parse_special = false};

std::string model_of(const Json& one) { return *base::base64_decode(one["model"].get<std::string>()); }

TEST(SentencePiece, IdsAndTextEqualTheLibrarys) {
  athanor::testing::Golden golden("core_text/sentencepiece");
  for (const Json& one : golden.json()) {
    SCOPED_TRACE(one["name"].get<std::string>());
    auto tokenizer = parse_sentencepiece_model(model_of(one), "m.model");
    for (const Json& c : one["cases"])
      EXPECT_EQ(tokenizer->encode(c["text"].get<std::string>(), kPlain), c["ids"].get<Ids>()) << c["text"];
    for (const Json& d : one["decodings"]) {
      Ids ids = d["ids"].get<Ids>();
      EXPECT_EQ(tokenizer->decode(ids, true), d["text"]) << d["ids"];
      StreamDecoder stream(*tokenizer);
      std::string text;
      for (TokenId id : ids) {
        std::string piece = stream.push(id);
        EXPECT_TRUE(is_utf8(piece));
        text += piece;
      }
      EXPECT_EQ(text + stream.finish(), d["text"]) << d["ids"];
    }
    // what it is written as reads again
    EXPECT_EQ(parse_tokenizer_json(tokenizer->json(), "written")->vocab_size(), tokenizer->vocab_size());
  }
}

TEST(SentencePiece, SpecialTokensAreNamed) {
  athanor::testing::Golden golden("core_text/sentencepiece");
  auto tokenizer = parse_sentencepiece_model(model_of(golden.json()[0]), "m.model");
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_EQ(tokenizer->eos(), 2);
  EXPECT_EQ(tokenizer->id_to_token(0), "<unk>");
  EXPECT_TRUE(tokenizer->is_special(1));
  EXPECT_EQ(tokenizer->encode("<s>", {.add_special_tokens = false}), Ids{1});
  EXPECT_EQ(tokenizer->decode(Ids{1, 2}, true), "");
}

/// Every cut of a model is refused or taken, and never anything else.
TEST(SentencePiece, BrokenFilesAreRefused) {
  athanor::testing::Golden golden("core_text/sentencepiece");
  std::string model = model_of(golden.json()[0]);
  auto refusal = [](std::string_view bytes) -> std::string {
    try {
      parse_sentencepiece_model(bytes, "m.model");
      return "taken";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.exit_code(), 3);
      return error.what();
    }
  };
  EXPECT_EQ(refusal(""), "[text.sentencepiece] m.model: the model has no pieces");
  EXPECT_EQ(refusal("\x0b"), "[text.sentencepiece] m.model: a field is of an unknown kind");
  EXPECT_EQ(refusal("\x0a\x05"), "[text.sentencepiece] m.model: a field ends past the end of its message");
  EXPECT_EQ(refusal("\x0a\x02\x0a"), "[text.sentencepiece] m.model: a field ends past the end of its message");
  EXPECT_EQ(refusal("\x0a\x03\x0a\x01"
                    "a"),
            "[text.sentencepiece] m.model: there must be one unknown piece; got 0");
  EXPECT_EQ(refusal("\x0a\x03\x0a\x01\xff"), "[text.sentencepiece] m.model: piece 0 is not UTF-8");
  EXPECT_EQ(refusal("\x0a\x02\x08\x01"), "[text.sentencepiece] m.model: field 1 is not bytes");
  EXPECT_EQ(refusal(std::string(12, '\xff')), "[text.sentencepiece] m.model: a number has more than ten bytes");
  for (size_t n = 1; n < model.size(); n += 7) refusal(std::string_view(model).substr(0, n));
}

TEST(RealSentencePiece, IdsEqualTheLibrarysOnEveryText) {
  athanor::testing::Golden golden("core_text/real_pieces");
  for (const auto& [name, one] : golden.json().items()) {
    auto model_file = one["model"].get<std::string>();
    ATH_NEEDS_DATA(model_file);
    base::MappedFile mapped(athanor::testing::data_path(model_file));
    auto tokenizer = parse_sentencepiece_model(mapped.text(), model_file);
    for (const auto& [file, expected] : one["texts"].items()) {
      SCOPED_TRACE(name + " on " + file);
      ATH_NEEDS_DATA(file);
      Ids ids = tokenizer->encode(base::read_text_file(athanor::testing::data_path(file)), kPlain);
      EXPECT_EQ(ids.size(), expected[0]);
      EXPECT_EQ(std::to_string(ids_hash(ids)), expected[1]);
    }
    Random random(12);
    for (const Json& expected : one["random"]) {
      uint64_t hash = 0;
      for (int n = 0; n < 1000; ++n) hash = ids_hash(tokenizer->encode(random_string(random), kPlain), hash);
      EXPECT_EQ(std::to_string(hash), expected) << name;
    }
  }
}

}  // namespace
}  // namespace athanor::text
