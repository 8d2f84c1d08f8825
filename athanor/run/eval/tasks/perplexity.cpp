// Perplexity (Jelinek et al. 1977): the mean cost of predicting each token of a text, and per byte, which does not depend on the
// tokenizer.
//
//   perplexity = exp(-mean_t ln p(x_t | x_<t)),   nats per byte = -sum_t ln p(x_t | x_<t) / bytes,   bits per byte = that / ln 2
//
// A text longer than the window is seen through windows [0, W), [S, S + W), [2S, 2S + W) ...; each scores what the ones before it
// did not, so every token is scored once, with at least W - S tokens before it. What stands before the first token is the
// tokenizer's bos, else its eos; where it names neither, the first token is not scored. Checked against transformers' sliding
// window.

#include "athanor/run/eval/tasks/perplexity.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"

namespace athanor::eval {

std::vector<double> windowed_logprobs(TokenScorer& scorer, std::span<const text::TokenId> ids, const EvalOptions& options) {
  const auto count = static_cast<int64_t>(ids.size()), most = scorer.context() + 1;
  const int64_t window = options.window > 0 ? std::min(options.window, most) : most;
  if (window < 2) base::input_error("eval.window", {"no token has one before it", base::cat(options.window), "2 or more"});
  const int64_t stride = options.stride > 0 ? options.stride : std::max<int64_t>(1, window / 2);
  if (stride >= window)
    base::input_error("eval.stride", {"tokens would be left out, or stand without any before them", base::cat(stride),
                                      base::cat("less than the window of ", window)});
  base::Progress progress("evaluating", static_cast<uint64_t>(count - 1), "tok");
  std::vector<double> costs;
  for (int64_t begin = 0, next = 1; next < count && !base::stop_requested(); begin += stride) {
    const int64_t end = std::min(begin + window, count);
    const auto part = ids.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    const std::vector<double> scored = scorer.logprobs(part, next - begin);
    costs.insert(costs.end(), scored.begin(), scored.end());
    progress.advance(static_cast<uint64_t>(end - next));
    next = end;
  }
  progress.finish();
  return costs;
}

EvalResult perplexity(TokenScorer& scorer, const text::Tokenizer& tokenizer, std::string_view data, std::string_view source,
                      const EvalOptions& options) {
  std::vector<text::TokenId> ids = tokenizer.encode(data, {.add_special_tokens = false, .parse_special = false});
  if (auto start = tokenizer.bos() ? tokenizer.bos() : tokenizer.eos()) ids.insert(ids.begin(), *start);
  if (options.limit > 0 && static_cast<int64_t>(ids.size()) > options.limit + 1) ids.resize(static_cast<size_t>(options.limit) + 1);
  if (ids.size() < 2)
    base::input_error("eval.perplexity",
                      {base::cat(source, ": the text is too short"), base::cat(data.size(), " bytes"), "at least two tokens"});
  const std::vector<double> logprobs = windowed_logprobs(scorer, ids, options);
  int64_t bytes = 0;
  for (text::TokenId id : std::span(ids).subspan(1, logprobs.size()))
    bytes += static_cast<int64_t>(tokenizer.token_bytes(id).size());
  const double nats = -std::accumulate(logprobs.begin(), logprobs.end(), 0.0), tokens = static_cast<double>(logprobs.size());
  const double per_byte = nats / static_cast<double>(bytes);
  return {std::exp(nats / tokens),
          {{"nats_per_byte", per_byte},
           {"bits_per_byte", per_byte / std::numbers::ln2},
           {"nats_per_token", nats / tokens},
           {"tokens", tokens},
           {"bytes", static_cast<double>(bytes)}}};
}

}  // namespace athanor::eval
