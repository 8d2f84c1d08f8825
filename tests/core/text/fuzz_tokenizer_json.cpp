#include "athanor/core/text/gguf_vocabulary_of.h"
#include "athanor/core/text/tokenizer.h"
#include "athanor/core/text/tokenizers/tokenizer_json.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "tests/testing/fuzz.h"

// A tokenizer.json, a zero byte, and a text: what is read must encode the text, decode the ids in one way and in pieces alike, and
// be written as JSON again, and as GGUF's lists where those can say it.
ATH_FUZZ_TARGET(tokenizer_json) {
  size_t border = std::min(input.find('\0'), input.size());
  auto tokenizer = athanor::text::parse_tokenizer_json(input.substr(0, border), "fuzz");
  std::string_view text = input.substr(std::min(border + 1, input.size())).substr(0, 2000);
  for (bool special : {false, true}) {
    auto ids = tokenizer->encode(text, {.add_special_tokens = special, .parse_special = special});
    athanor::text::StreamDecoder stream(*tokenizer, special);
    std::string streamed;
    for (auto id : ids) {
      ATH_FUZZ_CHECK(id >= 0 && id < tokenizer->vocab_size());
      std::string piece = stream.push(id);
      ATH_FUZZ_CHECK(athanor::text::is_utf8(piece));
      streamed += piece;
    }
    streamed += stream.finish();
    ATH_FUZZ_CHECK(streamed == tokenizer->decode(ids, special));
  }
  ATH_FUZZ_CHECK(athanor::text::parse_tokenizer_json(tokenizer->json(), "again")->json() == tokenizer->json());
  athanor::text::gguf_vocabulary_of(*tokenizer);
}
