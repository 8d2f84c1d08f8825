// athanor train-tokenizer: text files -> a folder with tokenizer.json.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/output.h"
#include "app/cli/stopwatch.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/text/bpe_trainer.h"

namespace athanor::app {
namespace {

struct Arguments {
  std::vector<std::string> files;
  std::string out, kind = "bpe";
  bool json = false;
  text::BpeTrainerOptions options;
};

int run(const Arguments& a) {
  std::error_code ignored;
  if (std::filesystem::exists(a.out, ignored) && !std::filesystem::is_directory(a.out, ignored))
    base::file_error("cli.train-tokenizer", {"--out is a file", a.out, "a folder"});
  Stopwatch watch;
  text::BpeTrainingResult result = text::train_bpe(std::vector<std::filesystem::path>(a.files.begin(), a.files.end()), a.options);
  text::write_tokenizer_folder(result, a.options, a.out);
  if (a.json)
    print_json({{"out", a.out},
                {"vocab_size", result.tokens.size()},
                {"merges", result.merges.size()},
                {"bytes", result.bytes},
                {"words", result.words},
                {"distinct_words", result.distinct_words},
                {"seconds", watch.seconds()}});
  else
    print(base::cat(a.out, ": ", result.tokens.size(), " tokens from ", base::human_bytes(static_cast<double>(result.bytes)),
                    " of text in ", base::fixed(watch.seconds(), 2), " s\n"));
  return 0;
}

}  // namespace

Run declare_train_tokenizer(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positionals("FILE", a->files, "UTF-8 text files");
  flags.text("--out -o", a->out, {.help = "the folder to write", .required = true});
  flags.text("--kind", a->kind, {.help = "of tokenizer", .choices = {"bpe"}});
  flags.options(base::visit_of(a->options));
  flags.flag("--json", a->json, "one JSON object: out, vocab_size, merges, ...");
  return [a](const Invocation&) { return run(*a); };
}

}  // namespace athanor::app
