#include "app/cli/perplexity.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"

namespace athanor::app {
namespace {

/// -ln softmax(scores)[target], in double.
double cost_of(const float* scores, int64_t vocab, text::TokenId target) {
  float largest = *std::max_element(scores, scores + vocab);
  double sum = 0;
  for (int64_t v = 0; v < vocab; ++v) sum += std::exp(static_cast<double>(scores[v] - largest));
  return std::log(sum) + largest - scores[target];
}

}  // namespace

double PerplexityResult::bits_per_byte() const { return nats_per_byte() / std::numbers::ln2; }
double PerplexityResult::perplexity() const { return std::exp(nats / static_cast<double>(tokens)); }

PerplexityResult perplexity(const std::shared_ptr<const engine::Model>& model, const text::Tokenizer& tokenizer,
                            std::string_view text, const PerplexityOptions& options) {
  std::vector<text::TokenId> ids = tokenizer.encode(text, {.add_special_tokens = false, .parse_special = false});
  if (auto start = tokenizer.bos() ? tokenizer.bos() : tokenizer.eos()) ids.insert(ids.begin(), *start);
  if (options.limit > 0 && static_cast<int64_t>(ids.size()) > options.limit + 1) ids.resize(static_cast<size_t>(options.limit) + 1);
  int64_t count = static_cast<int64_t>(ids.size());
  if (count < 2) base::input_error("cli.eval", {"the text is too short", base::cat(text.size(), " bytes"), "at least two tokens"});

  engine::Session session(model);
  int64_t vocab = session.vocab_size(), context = session.room();
  int64_t window = options.window > 0 ? std::min(options.window, context) : context;
  base::Progress progress("evaluating", static_cast<uint64_t>(count - 1), "tok");
  PerplexityResult result;
  // A window reads positions [begin, end) and scores the targets from `next` on; target t is predicted at position t - 1.
  for (int64_t next = 1; next < count && !base::stop_requested();) {
    int64_t begin = next == 1 ? 0 : std::max<int64_t>(0, next - std::max<int64_t>(1, window / 2));
    int64_t end = std::min(begin + window, count - 1);
    session.truncate(0);
    std::vector<float> scores =
        session.append_all(std::span(ids).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    int64_t first = next;
    for (; next <= end; ++next)
      result.nats += cost_of(&scores[static_cast<size_t>((next - 1 - begin) * vocab)], vocab, ids[static_cast<size_t>(next)]);
    result.tokens += next - first;
    progress.advance(static_cast<uint64_t>(next - first));
  }
  for (text::TokenId id : std::span(ids).subspan(1, static_cast<size_t>(result.tokens)))
    result.bytes += static_cast<int64_t>(tokenizer.token_bytes(id).size());
  progress.finish(base::cat(base::fixed(result.nats_per_byte(), 4), " nats/byte"));
  return result;
}

}  // namespace athanor::app
