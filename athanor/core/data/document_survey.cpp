#include "athanor/core/data/document_survey.h"

#include <algorithm>

#include "athanor/core/base/threads.h"
#include "athanor/core/data/prepared.h"
#include "athanor/core/data/source.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace {

constexpr size_t kSurveyChunkBytes = size_t{8} << 20;
constexpr size_t kShownBytes = 2000;

class DocumentSurveyor {
 public:
  DocumentSurveyor(const DataOptions& options, const text::Tokenizer& tokenizer, int64_t sample)
      : options_(options), tokenizer_(tokenizer), sample_(sample), cleaner_(options.clean, true) {}

  DocumentSurvey run() {
    const SourceOptions source{options_.text_key, options_.separator};
    for (const std::filesystem::path file : options_.train)
      read_documents(file, source, [this](std::string_view document) { add(document); });
    flush();
    survey_.cleaning = cleaner_.report();
    return std::move(survey_);
  }

 private:
  void add(std::string_view document) {
    ++survey_.read;
    chunk_bytes_ += document.size();
    chunk_.emplace_back(document);
    if (chunk_bytes_ >= kSurveyChunkBytes) flush();
  }

  void flush() {
    std::vector<std::string*> documents;
    for (std::string& text : chunk_) documents.push_back(&text);
    std::vector<uint8_t> kept(chunk_.size());
    cleaner_.clean(documents, kept);
    std::vector<int64_t> tokens(chunk_.size());
    base::parallel_dynamic(static_cast<int64_t>(chunk_.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        if (kept[i])
          tokens[i] =
              static_cast<int64_t>(tokenizer_.encode(chunk_[i], {.add_special_tokens = false, .parse_special = false}).size());
    });
    for (size_t i = 0; i < chunk_.size(); ++i)
      if (kept[i]) count(chunk_[i], tokens[i]);
    chunk_.clear(), chunk_bytes_ = 0;
  }

  void count(const std::string& text, int64_t tokens) {
    survey_.tokens += tokens, survey_.bytes += static_cast<int64_t>(text.size());
    survey_.longest = std::max(survey_.longest, tokens);
    if (++survey_.documents == sample_) survey_.shown = text.substr(0, kShownBytes);
  }

  const DataOptions& options_;
  const text::Tokenizer& tokenizer_;
  int64_t sample_;
  Cleaner cleaner_;
  DocumentSurvey survey_;
  std::vector<std::string> chunk_;
  size_t chunk_bytes_ = 0;
};

}  // namespace

DocumentSurvey survey_documents(const DataOptions& options, const text::Tokenizer& tokenizer, int64_t sample) {
  check(options);
  total_bytes(options);  // every file is there before the first is read
  return DocumentSurveyor(options, tokenizer, sample).run();
}

}  // namespace athanor::data
