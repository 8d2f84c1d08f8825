// DoLa, decoding by contrasting layers (Chuang et al. 2024): with q_N = softmax(model's scores) and q_j = softmax(head(layer j)),
// the layer M among the candidates whose q_j is furthest from q_N is contrasted with the last: score(v) = ln q_N(v) - ln q_M(v)
// where q_N(v) >= 0.1 * max q_N, else never. Distance is, as in the authors' program and in transformers, the mean over V of (KL(m
// || q_N) + KL(m || q_j)) / 2, m the mean of the two. One candidate layer is the static choice, several the dynamic one. "low":
// every second layer of the lower half of N (from 2 where the head is the embedding), "high": of the upper half; beyond 40 layers
// halves are 20 layers. Early layers go straight to the head, as there, or through the final norm first (dola_norm). A
// repetition_penalty of 1.2 is the authors' advice. Checked against the formula in numpy on stored layer scores, and against
// transformers 4.49 (the last that has it).

#include <charconv>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/known_tokens.h"
#include "athanor/run/generate/search.h"
#include "athanor/run/generate/search/dola.h"

namespace athanor::generate {
namespace {

constexpr double kRelativeTop = 0.1;

std::vector<int64_t> listed_layers(const std::string& text, int64_t last) {
  std::vector<int64_t> layers;
  const char *at = text.data(), *end = text.data() + text.size();
  while (true) {
    int64_t layer = -1;
    const auto [next, error] = std::from_chars(at, end, layer);
    if (error != std::errc() || layer < 0 || layer >= last || (next != end && *next != ','))
      base::input_error("generate.dola_layers",
                        {"not a list of layers", text, base::cat("low, high or numbers from 0 to ", last - 1), "2,4,6"});
    if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
    if (next == end) return layers;
    at = next + 1;
  }
}

void to_log_softmax(std::span<const float> scores, std::vector<double>& out) {
  const double log_total = log_sum_exp(scores);
  out.resize(scores.size());
  for (size_t v = 0; v < scores.size(); ++v) out[v] = scores[v] - log_total;
}

double distance(const std::vector<double>& log_p, const std::vector<double>& log_q) {
  double sum = 0;
  for (size_t v = 0; v < log_p.size(); ++v) {
    const double m = (std::exp(log_p[v]) + std::exp(log_q[v])) / 2;
    if (m > 0) sum += m * (2 * std::log(m) - log_p[v] - log_q[v]);
  }
  return sum / 2 / static_cast<double>(log_p.size());
}

class DolaSource final : public ScoreSource {
 public:
  DolaSource(const SearchTask& task, std::unique_ptr<LayeredSource> source, std::vector<int64_t> layers)
      : source_(std::move(source)),
        layers_(std::move(layers)),
        known_(make_known_tokens({&task.tokenizer, task.end_ids})),
        norm_(task.options.dola_norm) {}

  std::span<float> append(std::span<const text::TokenId> ids) override {
    const std::span<float> rows = source_->append(ids, layers_, norm_);
    const auto vocab = static_cast<size_t>(source_->vocab_size());
    for (size_t row = 0; row < rows.size(); row += vocab) known_->apply(rows.subspan(row, vocab), {});  // no layer's best
    contrast_layers(rows, vocab);
    return rows.last(static_cast<size_t>(source_->vocab_size()));
  }
  int64_t vocab_size() const override { return source_->vocab_size(); }
  int64_t room() const override { return source_->room(); }

 private:
  std::unique_ptr<LayeredSource> source_;
  std::vector<int64_t> layers_;
  std::unique_ptr<ScoreStep> known_;
  bool norm_;
};

}  // namespace

std::vector<int64_t> dola_layers(const std::string& choice, int64_t count, bool tied_head) {
  const int64_t half = count > 40 ? 20 : count / 2;
  int64_t first = 0, end = count > 40 ? 20 : half;
  if (choice == "high") {
    first = count > 40 ? count - 20 : half;
    end = count;
  } else if (choice == "low") {
    if (tied_head) first = count > 2 ? 2 : count == 2 ? 1 : 0;
    if (first == count / 2) return {first};
  } else {
    return listed_layers(choice, count);
  }
  std::vector<int64_t> layers;
  for (int64_t layer = first; layer < end; layer += 2) layers.push_back(layer);
  if (layers.empty())
    base::input_error("generate.dola_layers",
                      {"this model is too shallow for it", base::cat(count, " layers, ", choice), "", "a list of layers"});
  return layers;
}

void contrast_layers(std::span<float> rows, size_t vocab) {
  const std::span<float> last = rows.last(vocab);
  std::vector<double> log_p, log_q, furthest;
  to_log_softmax(last, log_p);
  double most = -INFINITY;
  for (size_t row = 0; (row + 1) * vocab < rows.size(); ++row) {
    to_log_softmax(rows.subspan(row * vocab, vocab), log_q);
    const double d = distance(log_p, log_q);
    if (d > most || furthest.empty()) most = d, furthest.swap(log_q);
  }
  const double least = *std::max_element(log_p.begin(), log_p.end()) + std::log(kRelativeTop);
  for (size_t v = 0; v < vocab; ++v) last[v] = log_p[v] < least ? kNever : static_cast<float>(log_p[v] - furthest[v]);
}

bool asks_for_dola(const GenerateOptions& options) {
  if (options.dola_layers.empty() && options.dola_norm)
    base::input_error("generate.dola_norm",
                      {"says how DoLa reads early layers, which is off", "no dola_layers", "low, high or a list"});
  return !options.dola_layers.empty();
}

GenerateResult run_dola(const SearchTask& task) {
  auto source = task.model.layered();
  auto layers = dola_layers(task.options.dola_layers, source->layer_count(), source->tied_head());
  DolaSource contrasted(task, std::move(source), std::move(layers));
  return draw_tokens(contrasted, task.tokenizer, task.prompt, task.end_ids, task.options, task.on_text);
}

}  // namespace athanor::generate
