// bench_tokenizer encode TOKENIZER REPEATS FILE...   one JSON line per file: bytes, ids, processor seconds of the first run (cold
//                                                    word cache) and of the best, and of loading
// bench_tokenizer ids TOKENIZER FILE                 the ids, one per line
// bench_tokenizer train OUT VOCAB PATTERN THREADS FILE...   trains and writes; prints the seconds of the training
// What bench/tokenizer.py calls.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/text/bpe_trainer.h"
#include "athanor/core/text/tokenizer.h"

namespace {

/// Processor time of this process, which other processes do not stretch.
struct Clock {
  using time_point = double;
  static time_point now() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
};
double seconds_since(Clock::time_point start) { return Clock::now() - start; }

int encode(int argc, char** argv) {
  auto start = Clock::now();
  double load = (athanor::text::load_tokenizer(argv[2]), seconds_since(start));
  int repeats = std::stoi(argv[3]);
  for (int i = 4; i < argc; ++i) {
    auto tokenizer = athanor::text::load_tokenizer(argv[2]);
    std::string text = athanor::base::read_text_file(argv[i]);
    double best = 1e9, first = 0;
    size_t count = 0;
    for (int k = 0; k < repeats; ++k) {
      start = Clock::now();
      count = tokenizer->encode(text, {.add_special_tokens = false}).size();
      double seconds = seconds_since(start);
      best = std::min(best, seconds);
      if (k == 0) first = seconds;
    }
    std::printf("{\"file\": \"%s\", \"bytes\": %zu, \"ids\": %zu, \"first\": %.9f, \"best\": %.9f, \"load\": %.6f}\n", argv[i],
                text.size(), count, first, best, load);
  }
  return 0;
}

int print_ids(char** argv) {
  auto tokenizer = athanor::text::load_tokenizer(argv[2]);
  std::string out;
  for (int id : tokenizer->encode(athanor::base::read_text_file(argv[3]), {.add_special_tokens = false}))
    out += std::to_string(id) + "\n";
  std::fputs(out.c_str(), stdout);
  return 0;
}

int train(int argc, char** argv) {
  athanor::text::BpeTrainerOptions options;
  options.vocab_size = std::stol(argv[3]);
  options.pattern = argv[4];
  options.special_tokens.clear();
  athanor::base::set_thread_count(std::stoi(argv[5]));
  auto start = Clock::now();
  auto result = athanor::text::train_bpe(std::vector<std::filesystem::path>(argv + 6, argv + argc), options);
  std::printf("{\"seconds\": %.6f, \"tokens\": %zu, \"merges\": %zu}\n", seconds_since(start), result.tokens.size(),
              result.merges.size());
  athanor::text::write_tokenizer_folder(result, options, argv[2]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 4 && !std::strcmp(argv[1], "encode")) return encode(argc, argv);
    if (argc > 3 && !std::strcmp(argv[1], "ids")) return print_ids(argv);
    if (argc > 6 && !std::strcmp(argv[1], "train")) return train(argc, argv);
  } catch (const athanor::base::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_code();
  }
  std::fprintf(stderr, "see the top of bench/tokenizer.cpp\n");
  return 2;
}
