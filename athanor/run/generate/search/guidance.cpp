// Classifier-free guidance for text (Sanchez et al. 2023): the model runs twice, once after the prompt and once after the negative
// prompt (or the prompt's last token alone), and with ln p and ln q of the two
// score = ln q + scale * (ln p - ln q).
// Checked against transformers' UnbatchedClassifierFreeGuidanceLogitsProcessor.

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/run/generate/known_tokens.h"
#include "athanor/run/generate/search.h"

namespace athanor::generate {
namespace {

class GuidedSource final : public ScoreSource {
 public:
  GuidedSource(const SearchTask& task, std::vector<text::TokenId> negative)
      : toward_(task.model.sequence()),
        away_(task.model.sequence()),
        known_(make_known_tokens({&task.tokenizer, task.end_ids})),
        scale_(task.options.guidance_scale),
        negative_(std::move(negative)) {}

  std::span<float> append(std::span<const text::TokenId> ids) override {
    const std::span<float> p = toward_->append(ids);
    const std::span<float> q = away_->append(negative_.empty() ? ids : negative_);
    negative_.clear();  // from now on both get what is generated
    known_->apply(p, {});
    known_->apply(q, {});
    const double p_total = log_sum_exp(p), q_total = log_sum_exp(q);
    for (size_t i = 0; i < p.size(); ++i) {
      const double log_p = p[i] - p_total, log_q = q[i] - q_total;
      p[i] = p[i] == kNever || q[i] == kNever ? kNever : static_cast<float>(log_q + scale_ * (log_p - log_q));
    }
    return p;
  }
  int64_t vocab_size() const override { return toward_->vocab_size(); }
  int64_t room() const override { return std::min(toward_->room(), away_->room()); }

 private:
  std::unique_ptr<ScoreSource> toward_, away_;
  std::unique_ptr<ScoreStep> known_;
  double scale_;
  std::vector<text::TokenId> negative_;
};

}  // namespace

bool asks_for_guidance(const GenerateOptions& options) {
  if (!(options.guidance_scale >= -100 && options.guidance_scale <= 100))
    base::input_error("generate.guidance_scale",
                      {"out of range", base::cat(options.guidance_scale), "-100 to 100", "1 is off, 1.5 is usual"});
  if (options.guidance_scale == 1 && !options.negative_prompt.empty())
    base::input_error("generate.negative_prompt", {"needs a guidance_scale", "1 (off)", "another number", "--guidance-scale 1.5"});
  return options.guidance_scale != 1;
}

GenerateResult run_guidance(const SearchTask& task) {
  std::vector<text::TokenId> negative = {task.prompt.back()};
  if (!task.options.negative_prompt.empty()) negative = task.tokenizer.encode(task.options.negative_prompt);
  if (negative.empty()) base::input_error("generate.negative_prompt", {"the text has no token", task.options.negative_prompt});
  GuidedSource source(task, std::move(negative));
  return draw_tokens(source, task.tokenizer, task.prompt, task.end_ids, task.options, task.on_text);
}

}  // namespace athanor::generate
