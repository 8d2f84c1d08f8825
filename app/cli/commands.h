#pragma once
// One function per command; each lies in commands/<name>.cpp.

#include "app/cli/command.h"

namespace athanor::app {

Run declare_quickstart(Flags& flags);
Run declare_generate(Flags& flags);
Run declare_chat(Flags& flags);
Run declare_classify(Flags& flags);
Run declare_tokenize(Flags& flags);
Run declare_train_tokenizer(Flags& flags);
Run declare_logits(Flags& flags);
Run declare_train(Flags& flags);
Run declare_merge(Flags& flags);
Run declare_data(Flags& flags);
Run declare_convert(Flags& flags);
Run declare_eval(Flags& flags);
Run declare_bench(Flags& flags);
Run declare_estimate(Flags& flags);
Run declare_lab(Flags& flags);
Run declare_list(Flags& flags);
Run declare_runs(Flags& flags);
Run declare_doctor(Flags& flags);

}  // namespace athanor::app
