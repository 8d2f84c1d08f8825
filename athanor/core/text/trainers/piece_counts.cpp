#include "athanor/core/text/trainers/piece_counts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/text/tokenizers/normalizer.h"
#include "athanor/core/text/tokenizers/pre_tokenizer.h"
#include "athanor/core/text/tokenizers/unicode.h"

namespace athanor::text {

namespace {

class Counter final : public WordSink {
 public:
  void word(std::string_view text, bool) override {
    auto known = counts_.find(text);
    if (known == counts_.end()) known = counts_.emplace(text, 0).first;
    ++known->second;
  }
  PieceCounts take() { return std::move(counts_); }

 private:
  PieceCounts counts_;
};

}  // namespace

PieceCounts count_pieces(const std::vector<NamedText>& texts, const base::Json& normalizer, const base::Json& pre_tokenizer) {
  std::unique_ptr<Normalizer> normalize = normalizer.is_null() ? nullptr : make_normalizer(Component(normalizer, "normalizer"));
  std::unique_ptr<PreTokenizer> cut = make_pre_tokenizer(Component(pre_tokenizer, "pre_tokenizer"));
  uint64_t bytes = 0;
  for (const NamedText& named : texts) bytes += named.text.size();
  base::Progress progress("counting words", bytes, "B");
  Counter counter;
  for (const NamedText& named : texts) {
    if (!is_utf8(named.text))
      base::file_error("text.train", {named.name + " is not UTF-8", "", "", "iconv -c -t UTF-8, or leave the file out"});
    std::string_view rest = named.text;
    while (!rest.empty()) {
      size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      std::string line(rest.substr(0, end));
      if (normalize) line = normalize->normalize(std::move(line));
      if (!line.empty()) cut->split(line, true, counter);
      rest.remove_prefix(end);
      progress.advance(end);
      if (base::stop_requested()) base::input_error("text.train", {"stopped; nothing was written"});
    }
  }
  progress.finish();
  return counter.take();
}

}  // namespace athanor::text
