#include "athanor/core/text/sentencepiece.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "tests/testing/fuzz.h"

// A model file: what is read must encode a text of all kinds of characters, and decode its own ids.
ATH_FUZZ_TARGET(sentencepiece) {
  auto tokenizer = athanor::text::parse_sentencepiece_model(input, "fuzz");
  std::string_view tail = input.substr(input.size() - std::min<size_t>(input.size(), 64));
  std::string text = "  The furnace \xe2\x96\x81\t e\xcc\x81 \xef\xac\x81 炼丹 <s> <0x41> " + std::string(tail);
  auto ids = tokenizer->encode(text, {.add_special_tokens = true, .parse_special = true});
  for (auto id : ids) ATH_FUZZ_CHECK(id >= 0 && id < tokenizer->vocab_size());
  athanor::text::StreamDecoder stream(*tokenizer, false);
  std::string streamed;
  for (auto id : ids) streamed += stream.push(id);
  streamed += stream.finish();
  ATH_FUZZ_CHECK(athanor::text::is_utf8(streamed));
  ATH_FUZZ_CHECK(streamed == tokenizer->decode(ids, false));
}
