// athanor logits: the scores of every token at every position, by the engine or by the layers that learn.

#include <memory>

#include "app/cli/commands.h"
#include "app/cli/logits_file.h"
#include "app/cli/model.h"

namespace athanor::app {
namespace {

int run(const LogitsArguments& a, const ModelArguments& model_arguments, const Invocation& call) {
  RunningModel model = open_model(model_arguments, call.everywhere.dtype);
  auto ids = logits_input(a, model.decoder.spec.vocab, [&] { return model.tokenizer(); });
  engine::Session session(model.engine);
  std::vector<std::vector<float>> hidden;
  std::vector<float> logits = session.append_all(ids, a.hidden ? &hidden : nullptr);
  write_logits(a.out, static_cast<int64_t>(ids.size()), logits, hidden);
  return 0;
}

}  // namespace

Run declare_logits(Flags& flags) {
  auto a = std::make_shared<LogitsArguments>();
  auto model = std::make_shared<ModelArguments>();
  declare_model(flags, *model);
  flags.text("--ids", a->ids, {"token ids: 1,2,3"});
  flags.text("--text", a->text, {"text, encoded with the model's tokenizer"});
  flags.text("--out -o", a->out, {.help = "the file to write", .required = true});
  flags.text("--executor", a->executor, {.help = "engine (run) or nn (learn, needs libtorch)", .choices = {"engine", "nn"}});
  flags.flag("--hidden", a->hidden, "also hidden_states.0 (the embedding) to hidden_states.L (after the final norm)");
  return [a, model](const Invocation& call) {
    a->model = model->model, a->lora = model->lora;
    if (a->executor == "engine") return run(*a, *model, call);
    if (call.learn == nullptr) start_learn(call);
    return call.learn->logits(*a, call);
  };
}

}  // namespace athanor::app
