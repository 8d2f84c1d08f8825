// Every command, in the order of `athanor --help`. Adding one: a file in commands/, its name in commands.h, a row here.

#include "app/cli/commands.h"

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"

namespace athanor::app {

// name, sentence, examples, learns (athanor-learn runs it), declare
const std::vector<Command>& commands() {
  static const std::vector<Command> rows = {
      {"quickstart",
       "the whole life on a small bundled corpus, in minutes, with a report",
       {"athanor quickstart --quick --out first", "athanor quickstart --minutes 6 --out shakespeare"},
       true,
       declare_quickstart},
      {"generate",
       "text from a model",
       {"athanor generate model --prompt \"Once upon a time\" --max-new-tokens 40 --temperature 0",
        "athanor generate -m model -p \"One day, a girl\" -n 60 --temp 0.8 --top-p 0.95 -s 7 --json"},
       false,
       declare_generate},
      {"chat", "a conversation in the terminal", {"echo \"Once upon a time\" | athanor chat model -n 20"}, false, declare_chat},
      {"tokenize",
       "text to token ids and back",
       {"athanor tokenize model --text \"Hello there\" --json", "athanor tokenize model text.txt",
        "athanor tokenize model --decode --text \"1,403,407\""},
       false,
       declare_tokenize},
      {"train-tokenizer",
       "a byte-level BPE tokenizer from text files",
       {"athanor train-tokenizer text.txt --out tokenizer --kind bpe --vocab-size 512"},
       false,
       declare_train_tokenizer},
      {"logits",
       "the scores of every token at every position, as a safetensors file",
       {"athanor logits model --ids 1,403,407 --out logits.safetensors",
        "athanor logits model --text \"Once upon\" --out hidden.safetensors --hidden",
        "athanor logits model --ids 1,403,407 --out nn.safetensors --executor nn"},
       false,
       declare_logits},
      {"train",
       "runs a recipe: pretraining or tuning, with resume",
       {"athanor train recipe.yaml", "athanor train recipe.yaml train.lr=1e-3 out=second",
        "athanor train recipe.yaml train.steps=30 --resume"},
       true,
       declare_train},
      {"merge",
       "a model folder with adapters put into its weights",
       {"athanor merge model adapter --out merged", "athanor merge model adapter=0.5 --out half"},
       false,
       declare_merge},
      {"data",
       "what training on samples would read, with what is learned of it",
       {"athanor data show samples.jsonl --model model --set template=alpaca",
        "athanor data show samples.jsonl --model model --set template=alpaca --length 64 --json",
        "athanor data show text.txt --model model --documents"},
       false,
       declare_data},
      {"convert",
       "between model folders, GGUF files and number types; from llama2.c files",
       {"athanor convert stories260K.bin --tokenizer tok512.bin --out stories",
        "athanor convert model --out model-bf16 --dtype bf16", "athanor convert model --out model.gguf --type q4_k_m"},
       false,
       declare_convert},
      {"eval",
       "numbers about a model: perplexity, nats and bits per byte",
       {"athanor eval model --task perplexity --data text.txt --json"},
       false,
       declare_eval},
      {"classify",
       "what a classifier says of a text, or how often it is right",
       {"athanor classify classifier --text \"What a lovely day\"", "athanor classify classifier labels.jsonl --json"},
       false,
       declare_classify},
      {"bench",
       "prefill and decode tokens per second, peak memory",
       {"athanor bench model -p 64 -n 16 -t 2 --json"},
       false,
       declare_bench},
      {"estimate",
       "memory of a training run, before it is spent",
       {"athanor estimate recipe.yaml", "athanor estimate model --batch 8 --length 256 --dtype bf16 --json"},
       true,
       declare_estimate},
      {"lab",
       "questions of the field, answered by small experiments with a verdict",
       {"athanor lab", "athanor lab lora-init --quick --seeds 2"},
       true,
       declare_lab},
      {"list",
       "the techniques that are built in, by room",
       {"athanor list", "athanor list run/generate", "athanor list core --json"},
       false,
       declare_list},
      {"runs",
       "the history of training runs, in the terminal and in the browser",
       {"athanor runs list", "athanor runs list --limit 5 --json", "athanor runs serve"},
       false,
       declare_runs},
      {"doctor",
       "what is missing on this machine, and the line that mends it",
       {"athanor doctor", "athanor doctor --json"},
       false,
       declare_doctor},
  };
  return rows;
}

const Command& find_command(const std::string& name) {
  std::vector<std::string> known;
  for (const Command& command : commands()) {
    if (name == command.name) return command;
    known.emplace_back(command.name);
  }
  std::string near = base::nearest_name(name, known);
  base::input_error("cli", {"unknown command", name, "", near.empty() ? "athanor --help" : "athanor " + near});
}

}  // namespace athanor::app
