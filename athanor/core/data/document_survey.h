#pragma once
// What files of documents hold, and what cleaning would do to them, before anything is trained.

#include <cstdint>
#include <string>
#include <vector>

#include "athanor/core/data/prepare.h"

namespace athanor::data {

struct DocumentSurvey {
  int64_t read = 0, documents = 0;  // in the files, and after cleaning
  int64_t bytes = 0, tokens = 0;    // of those that stay
  int64_t longest = 0;              // tokens
  std::vector<StepReport> cleaning;
  std::string shown;  // the beginning of the one that was asked for; "": there is none
};

/// `options.train` names the files; `sample` counts those that stay, from 1. Errors as prepare_data's.
DocumentSurvey survey_documents(const DataOptions& options, const text::Tokenizer& tokenizer, int64_t sample);

}  // namespace athanor::data
