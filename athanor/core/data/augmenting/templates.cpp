// Several ways to put one question, so that what is learned is the task and not one wording (Sanh et al. 2022, "Multitask prompted
// training", arXiv:2110.08207: more wordings, better on new ones). Of `templates`, one is drawn for each sample and pass, and
// {{prompt}} in it is the question.

#include "athanor/core/base/error.h"
#include "athanor/core/data/augmentation.h"

namespace athanor::data {

Rewrite make_question_templates(const AugmentOptions& options) {
  constexpr std::string_view kPrompt = "{{prompt}}";
  if (options.templates.empty()) return nullptr;
  for (const std::string& one : options.templates)
    if (one.find(kPrompt) == std::string::npos)
      base::input_error("data.augment", {"a template does not say where the question stands", one, "a text with {{prompt}}"});
  return [templates = options.templates, kPrompt](std::string& text, base::Philox& random) {
    std::string out = templates[random.below(templates.size())];
    const size_t at = out.find(kPrompt);
    text = out.replace(at, kPrompt.size(), text);
  };
}

}  // namespace athanor::data
