#pragma once
// What a recipe's files hold, before anything is trained on them: forms, lengths, what would be cut or left out, and one sample as
// the model would see it.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "athanor/core/data/prepare_samples.h"
#include "athanor/core/data/render.h"

namespace athanor::data {

struct SurveyOptions {
  DataOptions data;    // data.train names the files
  int64_t limit = 0;   // rows that are looked at in each file; 0: all
  int64_t sample = 1;  // which one is shown, from 1
};

struct Survey {
  struct File {
    std::string name;
    const char* format;  // "json"
    const char* form;    // "alpaca"
    const char* columns;
    int64_t rows;
    bool whole;  // no row was left out because of the limit
  };
  std::vector<File> files;
  std::string chat_template;     // its name; "": none
  std::vector<int32_t> lengths;  // tokens of each sample, uncut, ascending; of a preference, of its longer end
  int64_t tokens = 0, learned = 0;
  int64_t cut = 0;                   // would lose tokens at the context's length
  int64_t answer_cut_away = 0;       // would be dropped: no learned token would be left
  int64_t no_answer = 0;             // dropped: nothing to learn
  int64_t duplicates = 0;            // copies of an earlier sample
  std::vector<StepReport> cleaning;  // of the steps that did anything
  std::map<std::string, int64_t> labels;
  std::set<std::string> unfilled;
  std::vector<EncodedSample> shown;  // one, or a preference's two ends
};

/// Which kind of model so many samples are usually put on, chat or base, and where that rule is from: a line for the user, no rule
/// here.
std::string start_hint(int64_t samples);

/// Errors as prepare_samples', but every form is taken.
Survey survey_samples(const SurveyOptions& options, const SampleContext& context);

}  // namespace athanor::data
