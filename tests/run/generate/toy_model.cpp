#include "tests/run/generate/toy_model.h"

#include <algorithm>
#include <stdexcept>

#include "athanor/core/base/philox.h"

namespace athanor::generate {

ToyTokenizer::ToyTokenizer(std::vector<std::string> pieces) {
  pieces_ = {"</s>", "<s>"};
  for (int b = 0; b < 256; ++b) pieces_.emplace_back(1, static_cast<char>(b));
  pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
}

std::vector<text::TokenId> ToyTokenizer::encode(std::string_view text, const text::EncodeOptions&) const {
  std::vector<text::TokenId> ids;
  for (char c : text) ids.push_back(2 + static_cast<unsigned char>(c));
  return ids;
}

std::string ToyTokenizer::decode(std::span<const text::TokenId> ids, bool) const {
  std::string all;
  for (text::TokenId id : ids)
    if (!is_special(id)) all += token_bytes(id);
  return all;
}

const ToyTokenizer& toy_tokenizer() {
  static const ToyTokenizer tokenizer({"{\"",          "\":",      "\": ",     "\",",          "\", \"",
                                       "\"}",          "}}",       "}]",       "]}",           "]]",
                                       "[[",           "{}",       "[]",       ", ",           ",\n",
                                       "\n  ",         "\n\n",     "  ",       "tr",           "true",
                                       "false",        "null",     "\\n",      "\\u00",        "\\\"",
                                       "\\\\",         "12",       "00",       "3.5",          "-1",
                                       "e+",           "1e",       "name",     "age",          "na",
                                       "me\"",         "id",       "tags",     "the",          "ing",
                                       "yes",          "no",       "ab",       "abc",          "ba",
                                       "aa",           "xyz",      "(a",       "a)",           "))",
                                       "+1",           "*(",       "\xc3\xa9", "\xe4\xb8",     "\xad\xe6\x96\x87",
                                       "\xe4\xb8\xad", "\xf0\x9f", "\x98\x80", "\xd0\xb6\xd0", "20",
                                       "2024-",        "-0",       "T1",       ":00",          "@a",
                                       ".com",         "://",      "children", "value",        "\"},",
                                       "\"]",          "\", ",     "red",      "green"});
  return tokenizer;
}

RandomModel::RandomModel(const text::Tokenizer& tokenizer, uint64_t seed)
    : scores_(static_cast<size_t>(tokenizer.vocab_size())), closes_(scores_.size()), seed_(seed) {
  for (size_t i = 2; i < closes_.size(); ++i) {
    const std::string bytes = tokenizer.token_bytes(static_cast<text::TokenId>(i));
    if (bytes.find_first_of("\"}])") != std::string::npos) closes_[i] = 1;
    if (bytes.find_first_of("[{(") != std::string::npos) closes_[i] = -1;
  }
}

std::span<float> RandomModel::append(std::span<const text::TokenId>) {
  base::Philox random(seed_, step_, base::Purpose::kTest);
  const float haste = std::min(1.0f, static_cast<float>(step_++) / 40);
  for (size_t i = 0; i < scores_.size(); ++i) scores_[i] = 8 * random.uniform() + 12 * haste * closes_[i];
  scores_[0] = 5 + 20 * haste;
  return scores_;
}

GenerateResult say_anything(const text::Tokenizer& tokenizer, std::shared_ptr<const Constraint> constraint, uint64_t seed) {
  RandomModel model(tokenizer, seed);
  const text::TokenId begin[] = {1}, end[] = {0};
  GenerateOptions options = {.max_new_tokens = 400, .seed = static_cast<int64_t>(seed)};
  options.constraint = std::move(constraint);
  return generate(model, tokenizer, begin, end, options);
}

std::vector<std::string> many_texts(std::string_view kind, std::string_view text, size_t count) {
  const text::TokenId end[] = {0};
  const auto constraint = std::make_shared<Constraint>(kind, text, "", toy_tokenizer(), end);
  std::vector<std::string> texts;
  for (uint64_t seed = 0; texts.size() < count; ++seed) {
    GenerateResult result = say_anything(toy_tokenizer(), constraint, seed);
    if (result.finish_reason == "stop") texts.push_back(toy_tokenizer().decode(result.ids, true));
    if (seed > 2 * count + 20) throw std::runtime_error("too few texts come to an end under " + std::string(text));
  }
  return texts;
}

}  // namespace athanor::generate
