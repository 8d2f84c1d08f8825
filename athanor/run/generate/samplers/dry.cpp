// DRY, "don't repeat yourself" (p-e-w 2024, as llama.cpp documents it): where the text's end of n >= allowed tokens stood before,
// the token t that followed it then loses multiplier * base^(n - allowed); the longest such n counts. No repetition reaches back
// over a breaker: n is at most the number of tokens after the last breaker text, and a token that holds a breaker loses nothing.
// n for every earlier place comes from one Z-function of the reversed text: O(length) per token. Checked against a plain search of
// all suffixes, and against llama.cpp's formula in tools/golden/generate_samplers.py.

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::generate {
namespace {

constexpr double kLargestLog = 88.7228391;  // ln of the largest float: base^n stays below it

/// z[i]: how many of ids from i on equal the ids from 0 on.
std::vector<size_t> z_function(std::span<const text::TokenId> ids) {
  std::vector<size_t> z(ids.size());
  for (size_t i = 1, left = 0, right = 0; i < ids.size(); ++i) {
    if (i < right) z[i] = std::min(right - i, z[i - left]);
    while (i + z[i] < ids.size() && ids[z[i]] == ids[i + z[i]]) ++z[i];
    if (i + z[i] > right) left = i, right = i + z[i];
  }
  return z;
}

class Dry final : public ScoreStep {
 public:
  Dry(const GenerateOptions& options, const text::Tokenizer* tokenizer)
      : multiplier_(options.dry_multiplier),
        base_(options.dry_base),
        allowed_(static_cast<size_t>(options.dry_allowed_length)),
        last_n_(options.dry_penalty_last_n < 0 ? SIZE_MAX : static_cast<size_t>(options.dry_penalty_last_n)),
        breakers_(options.dry_sequence_breakers),
        tokenizer_(tokenizer) {
    for (const std::string& breaker : breakers_)
      if (breaker.empty()) base::input_error("generate.dry_sequence_breakers", {"a text is empty", "", "at least one character"});
  }

  void apply(std::span<float> scores, const History& history) override {
    std::vector<text::TokenId> reversed(history.generated.rbegin(), history.generated.rend());
    reversed.insert(reversed.end(), history.prompt.rbegin(), history.prompt.rend());
    if (reversed.size() > last_n_) reversed.resize(last_n_);
    if (reversed.size() <= allowed_) return;
    const size_t limit = tokens_after_breaker(reversed);
    if (limit < allowed_) return;
    std::unordered_map<text::TokenId, size_t> longest;
    const std::vector<size_t> z = z_function(reversed);
    for (size_t i = 1; i < reversed.size(); ++i)
      if (const size_t n = std::min(z[i], limit); n >= allowed_) longest[reversed[i - 1]] = std::max(longest[reversed[i - 1]], n);
    for (const auto& [id, n] : longest)
      if (static_cast<size_t>(id) < scores.size() && !holds_breaker(token_text(id))) scores[static_cast<size_t>(id)] -= penalty(n);
  }

 private:
  float penalty(size_t n) const {
    double exponent = static_cast<double>(n - allowed_);
    if (base_ > 1.000001) exponent = std::min(exponent, std::floor(kLargestLog / std::log(base_)));
    return static_cast<float>(std::min(multiplier_ * std::pow(base_, exponent), 1e30));
  }

  std::string token_text(text::TokenId id) const { return tokenizer_ ? tokenizer_->token_bytes(id) : std::string(); }

  bool holds_breaker(std::string_view text) const {
    return std::any_of(breakers_.begin(), breakers_.end(), [&](const std::string& b) { return text.find(b) != text.npos; });
  }

  /// Tokens behind the one in which the last breaker ends.
  size_t tokens_after_breaker(std::span<const text::TokenId> reversed) const {
    size_t longest = 0;
    for (const std::string& breaker : breakers_) longest = std::max(longest, breaker.size());
    std::string tail;  // the text from token i on, as far as a breaker that ends in token i + 1 or later was not found in it
    for (size_t i = 0; i < reversed.size() && longest > 0; ++i) {
      const std::string token = token_text(reversed[i]);
      tail.resize(std::min(tail.size(), longest - 1));
      tail.insert(0, token);
      size_t end = 0;  // where the breaker that ends last ends
      for (const std::string& breaker : breakers_)
        if (const size_t at = tail.rfind(breaker); at != tail.npos) end = std::max(end, at + breaker.size());
      if (end == 0) continue;
      size_t after = i;  // a breaker over several tokens ends in a later one
      for (size_t length = token.size(); length < end && after > 0; --after) length += token_text(reversed[after - 1]).size();
      return after;
    }
    return reversed.size();
  }

  double multiplier_, base_;
  size_t allowed_, last_n_;
  std::vector<std::string> breakers_;
  const text::Tokenizer* tokenizer_;
};

}  // namespace

std::unique_ptr<ScoreStep> make_dry(const GenerateOptions& options, const StepContext& context) {
  const auto check = [](const char* where, bool good, double got, const char* range) {
    if (!good) base::input_error(where, {"out of range", base::cat(got), range});
  };
  check("generate.dry_multiplier", options.dry_multiplier >= 0 && options.dry_multiplier <= 100, options.dry_multiplier,
        "0 (off) to 100");
  check("generate.dry_base", options.dry_base >= 1 && options.dry_base <= 100, options.dry_base, "1 to 100");
  check("generate.dry_allowed_length", options.dry_allowed_length >= 1, static_cast<double>(options.dry_allowed_length),
        "1 or more");
  check("generate.dry_penalty_last_n", options.dry_penalty_last_n >= -1, static_cast<double>(options.dry_penalty_last_n),
        "-1 (all) or more");
  if (options.dry_multiplier == 0 || options.dry_penalty_last_n == 0) return nullptr;
  return std::make_unique<Dry>(options, context.tokenizer);
}

}  // namespace athanor::generate
