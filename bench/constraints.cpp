// bench_constraints VOCABULARY.gguf TEXTS.json   what a constraint costs at a vocabulary of 128k tokens
//   VOCABULARY.gguf: a byte-level BPE vocabulary (../shared/data/vocab/ggml-vocab-llama-bpe.gguf)
//   TEXTS.json: an array of objects of texts (../shared/data/instructions/alpaca_en_demo.json)
// Each object is written as JSON, tokenized, and followed token by token under a constraint; before every token the mask is made
// and put on 128k scores. The first half of the texts warms the caches, the second half is measured.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <numeric>

#include "app/cli/gguf_tokenizer.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/run/generate/constraint.h"

namespace {

using namespace athanor;

double cpu_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Numbers {
  std::vector<double> microseconds;
  void print(const char* phase) {
    if (microseconds.empty()) return;
    std::sort(microseconds.begin(), microseconds.end());
    const auto at = [&](double q) { return microseconds[static_cast<size_t>(q * static_cast<double>(microseconds.size() - 1))]; };
    std::printf("  %-8s %6zu tokens   mean %8.1f us   median %8.1f   99%% %8.1f   most %9.1f\n", phase, microseconds.size(),
                std::accumulate(microseconds.begin(), microseconds.end(), 0.0) / static_cast<double>(microseconds.size()), at(0.5),
                at(0.99), at(1));
  }
};

/// Masks along a text; an error where the text leaves its constraint.
void follow(const generate::Constraint& constraint, const std::vector<text::TokenId>& ids, size_t vocabulary, Numbers& numbers) {
  const auto step = constraint.step();
  std::vector<float> scores(vocabulary);
  for (size_t i = 0; i < ids.size(); ++i) {
    std::fill(scores.begin(), scores.end(), 0.0f);
    const double start = cpu_seconds();
    step->apply(scores, {{}, std::span(ids).first(i)});
    numbers.microseconds.push_back((cpu_seconds() - start) * 1e6);
    if (scores[static_cast<size_t>(ids[i])] != 0)
      base::input_error("bench.constraints", {"the text does not match", std::to_string(i)});
  }
}

void measure(const char* kind, const char* text, const std::vector<std::string>& texts, const text::Tokenizer& tokenizer) {
  const std::vector<text::TokenId> end = {128009};
  const double start = cpu_seconds();
  const generate::Constraint constraint(kind, text, "", tokenizer, end);
  std::printf("%s: compiled, with the vocabulary's tree, in %.0f ms\n", kind, (cpu_seconds() - start) * 1e3);
  Numbers first, then;
  for (size_t i = 0; i < texts.size(); ++i)
    follow(constraint, tokenizer.encode(texts[i], {.add_special_tokens = false}), static_cast<size_t>(tokenizer.vocab_size()),
           i < texts.size() / 2 ? first : then);
  first.print("warm-up");
  then.print("warm");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "see the top of bench/constraints.cpp\n"), 2;
  try {
    const auto tokenizer = app::open_tokenizer(argv[1]);
    std::vector<std::string> objects, words;
    for (const auto& row : base::read_json_file(argv[2], "bench.constraints")) {
      if (objects.size() == 100) break;
      objects.push_back(row.dump());
      words.push_back(row.begin()->get<std::string>());
    }
    measure("json-schema", "{}", objects, *tokenizer);
    measure(
        "json-schema",
        R"({"type": "object", "properties": {"instruction": {"type": "string"}, "input": {"type": "string"}, "output": {"type": "string"}}, "required": ["instruction", "output"]})",
        objects, *tokenizer);
    measure("regex", "[^\\r]{1,1000}", words, *tokenizer);
    measure("grammar",
            "root ::= object\nvalue ::= object | array | string | [0-9]+ | \"true\" | \"false\" | \"null\"\n"
            "object ::= \"{\" ws (string \":\" ws value (\",\" ws string \":\" ws value)*)? ws \"}\"\narray ::= \"[\" ws (value "
            "(\",\" ws value)*)? ws \"]\"\n"
            "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" [\"\\\\/bfnrt] | \"\\\\u\" [0-9a-f]{4})* \"\\\"\"\nws ::= [ "
            "\\t\\n]*\n",
            objects, *tokenizer);
  } catch (const base::Error& error) {
    return std::fprintf(stderr, "%s\n", error.what()), error.exit_code();
  }
}
