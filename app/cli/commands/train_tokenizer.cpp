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
#include "athanor/core/text/unigram_trainer.h"
#include "athanor/core/text/wordpiece_trainer.h"

namespace athanor::app {
namespace {

using Files = std::vector<std::filesystem::path>;

/// The options of all kinds; each takes those that it knows.
struct Options {
  text::BpeTrainerOptions bpe;
  int64_t limit_alphabet = text::WordPieceTrainerOptions().limit_alphabet;
  bool cased = false;
  void visit(base::OptionVisitor& v) {
    bpe.visit(v);
    v.integer("limit_alphabet", limit_alphabet, {"wordpiece: so many characters are kept", 1, 1 << 21});
    v.boolean("cased", cased, {"wordpiece: capital letters and accents stay"});
  }
};

struct Arguments {
  std::vector<std::string> files;
  std::string out, kind = "bpe";
  bool json = false;
  Options options;
};

struct Trained {
  base::Json report;
  uint64_t bytes;
};

Trained train_bpe(const Arguments& a, const Files& files) {
  text::BpeTrainingResult result = text::train_bpe(files, a.options.bpe);
  text::write_tokenizer_folder(result, a.options.bpe, a.out);
  return {{{"out", a.out},
           {"vocab_size", result.tokens.size()},
           {"merges", result.merges.size()},
           {"bytes", result.bytes},
           {"words", result.words},
           {"distinct_words", result.distinct_words}},
          result.bytes};
}

Trained train_unigram(const Arguments& a, const Files& files, bool special_tokens) {
  text::UnigramTrainerOptions options;
  options.vocab_size = a.options.bpe.vocab_size;
  if (special_tokens) options.special_tokens = a.options.bpe.special_tokens;
  text::UnigramTrainingResult result = text::train_unigram(files, options);
  text::write_tokenizer_folder(result, options, a.out);
  return {
      {{"out", a.out}, {"vocab_size", result.pieces.size()}, {"bytes", result.bytes}, {"distinct_words", result.distinct_words}},
      result.bytes};
}

Trained train_word_piece(const Arguments& a, const Files& files, bool special_tokens) {
  text::WordPieceTrainerOptions options;
  options.vocab_size = a.options.bpe.vocab_size;
  options.min_frequency = a.options.bpe.min_frequency;
  options.limit_alphabet = a.options.limit_alphabet;
  options.lowercase = !a.options.cased;
  if (special_tokens) options.special_tokens = a.options.bpe.special_tokens;
  text::WordPieceTrainingResult result = text::train_word_piece(files, options);
  text::write_tokenizer_folder(result, options, a.out);
  return {
      {{"out", a.out}, {"vocab_size", result.tokens.size()}, {"bytes", result.bytes}, {"distinct_words", result.distinct_words}},
      result.bytes};
}

int run(const Arguments& a, const Flags& flags) {
  std::error_code ignored;
  if (std::filesystem::exists(a.out, ignored) && !std::filesystem::is_directory(a.out, ignored))
    base::file_error("cli.train-tokenizer", {"--out is a file", a.out, "a folder"});
  Stopwatch watch;
  Files files(a.files.begin(), a.files.end());
  bool special_tokens = flags.given("--special-tokens");
  Trained trained = a.kind == "unigram"     ? train_unigram(a, files, special_tokens)
                    : a.kind == "wordpiece" ? train_word_piece(a, files, special_tokens)
                                            : train_bpe(a, files);
  trained.report["seconds"] = watch.seconds();
  if (a.json)
    print_json(trained.report);
  else
    print(base::cat(a.out, ": ", trained.report["vocab_size"].get<size_t>(), " tokens from ",
                    base::human_bytes(static_cast<double>(trained.bytes)), " of text in ", base::fixed(watch.seconds(), 2),
                    " s\n"));
  return 0;
}

}  // namespace

Run declare_train_tokenizer(Flags& flags) {
  auto a = std::make_shared<Arguments>();
  flags.positionals("FILE", a->files, "UTF-8 text files");
  flags.text("--out -o", a->out, {.help = "the folder to write", .required = true});
  flags.text("--kind", a->kind, {.help = "of tokenizer", .choices = {"bpe", "unigram", "wordpiece"}});
  flags.options(base::visit_of(a->options));
  flags.flag("--json", a->json, "one JSON object: out, vocab_size, merges, ...");
  return [a, &flags](const Invocation&) { return run(*a, flags); };
}

}  // namespace athanor::app
