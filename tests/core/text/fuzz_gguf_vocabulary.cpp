#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "athanor/core/base/json.h"
#include "athanor/core/text/gguf_vocabulary_of.h"
#include "tests/testing/fuzz.h"

using namespace athanor;
using namespace athanor::text;

namespace {

/// The library turns a number into any type, also one that cannot hold it.
bool fits(const base::Json& value) {
  if (value.is_structured()) return std::all_of(value.begin(), value.end(), fits);
  return !value.is_number() || std::abs(value.get<double>()) < 2e9;
}

template <class T>
void take(const base::Json& lists, const char* key, T& into) {
  if (const auto found = lists.find(key); found != lists.end()) into = found->get<T>();
}

template <class T>
void take(const base::Json& lists, const char* key, std::optional<T>& into) {
  if (const auto found = lists.find(key); found != lists.end()) into = found->get<T>();
}

/// {"model": "llama", "tokens": [...], "scores": [...], "bos": 1, ...}: the lists as a file's getters give them.
GgufVocabulary vocabulary_of(const base::Json& lists) {
  GgufVocabulary v;
  take(lists, "model", v.model), take(lists, "pre", v.pre);
  take(lists, "tokens", v.tokens), take(lists, "merges", v.merges);
  take(lists, "scores", v.scores), take(lists, "token_types", v.token_types);
  take(lists, "bos", v.bos), take(lists, "eos", v.eos), take(lists, "unknown", v.unknown);
  take(lists, "padding", v.padding), take(lists, "separator", v.separator), take(lists, "mask", v.mask);
  take(lists, "add_bos", v.add_bos), take(lists, "add_eos", v.add_eos), take(lists, "add_space_prefix", v.add_space_prefix);
  return v;
}

}  // namespace

// The lists, a zero byte, and a text: what is taken encodes the text to ids that it has, and can be written again or says why not.
ATH_FUZZ_TARGET(gguf_vocabulary) {
  const size_t border = std::min(input.find('\0'), input.size());
  const base::Json lists = base::parse_json(input.substr(0, border), "fuzz", "lists", {.depth = 3, .bytes = 1 << 20});
  if (!fits(lists)) return;
  GgufVocabulary vocabulary;
  try {
    vocabulary = vocabulary_of(lists);
  } catch (const nlohmann::json::exception&) {
    return;  // not lists at all
  }
  const std::unique_ptr<Pipeline> tokenizer = tokenizer_from_gguf(vocabulary, "fuzz");
  const std::string_view text = input.substr(std::min(border + 1, input.size())).substr(0, 2000);
  const std::vector<TokenId> ids = tokenizer->encode(text, {});
  for (const TokenId id : ids) ATH_FUZZ_CHECK(id >= 0 && id < tokenizer->vocab_size());
  tokenizer->decode(ids, false);
  const GgufVocabulary again = gguf_vocabulary_of(*tokenizer);
  ATH_FUZZ_CHECK(again.tokens.size() == static_cast<size_t>(tokenizer->vocab_size()));
}
