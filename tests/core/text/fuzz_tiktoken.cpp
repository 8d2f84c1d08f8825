#include "athanor/core/text/tiktoken.h"
#include "athanor/core/text/tokenizers/unicode.h"
#include "tests/testing/fuzz.h"

// A tiktoken file: what is read must encode a text, and decode its own ids.
ATH_FUZZ_TARGET(tiktoken) {
  auto tokenizer = athanor::text::parse_tiktoken(input, "fuzz");
  std::string text = "Hello hello  don't 1234 炼丹\r\n" + std::string(input.substr(0, 64));
  auto ids = tokenizer->encode(text, {});
  for (auto id : ids) ATH_FUZZ_CHECK(id >= 0 && id < tokenizer->vocab_size());
  ATH_FUZZ_CHECK(athanor::text::is_utf8(tokenizer->decode(ids, false)));
}
