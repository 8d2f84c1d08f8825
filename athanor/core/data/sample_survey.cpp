#include "athanor/core/data/sample_survey.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/prepared.h"
#include "athanor/core/data/sample_stream.h"
#include "athanor/core/data/source.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

class Surveyor {
 public:
  Surveyor(const SurveyOptions& options, const SampleContext& context)
      : options_(options),
        context_(context),
        maker_({options.data.form, options.data.columns, options.data.fill, options.data.augment}),
        stream_(
            options.data.clean, true, [this](StreamedSample& one) { encode(one); }, [this](StreamedSample& one) { look_at(one); }) {
    choose_renderer();
  }

  Survey run() {
    for (const fs::path file : options_.data.train) read(file);
    std::sort(survey_.lengths.begin(), survey_.lengths.end());
    survey_.unfilled = stream_.unfilled();
    for (const Cleaner* part : {&stream_.changes(), &stream_.drops()})
      for (const StepReport& step : part->report()) {
        if (step.count > 0) survey_.cleaning.push_back(step);
        if (step.step == "drop-duplicates") survey_.duplicates = step.count;
      }
    return std::move(survey_);
  }

 private:
  /// A template is needed for what is rendered only; labelled texts go without.
  void choose_renderer() {
    std::vector<const SampleForm*> forms;
    for (const fs::path file : options_.data.train) {
      const auto reader = open_rows(file);
      if (RawRow first; reader->next(first))
        forms.push_back(&maker_.begin(reader->parse(first), file.filename().string(), first.line));
    }
    const TemplateChoice choice =
        choose_template(options_.data.chat_template, context_.tokenizer_folder, context_.tokenizer, forms, context_.own_template);
    survey_.chat_template = choice.name;
    renderer_.emplace(context_.tokenizer, choice, context_.tokenizer_folder, options_.data.learn == "last");
  }

  void read(const fs::path& file) {
    const std::string name = file.filename().string();
    const auto reader = open_rows(file);
    const SampleForm* form = nullptr;
    int64_t rows = 0;
    bool whole = true;
    for (RawRow raw; reader->next(raw); ++rows) {
      if (options_.limit > 0 && rows == options_.limit) {
        whole = false;
        break;
      }
      if (!form) {
        form = &maker_.begin(reader->parse(raw), name, raw.line);
        stream_.begin_file(*reader, maker_, name);
      }
      stream_.add(raw);
    }
    stream_.end_file();
    survey_.files.push_back({name, source_format_of(file).name, form ? form->name : "", form ? form->columns : "", rows, whole});
  }

  bool is_shown(const StreamedSample& one) const { return one.index + 1 == options_.sample; }

  void encode(StreamedSample& one) const {
    if (!one.kept && !is_shown(one)) return;
    if (one.sample.kind == Sample::Kind::kPreference) {
      SampleRenderer::Ends ends = renderer_->encode_ends(one.sample);
      one.encoded = {std::move(ends.chosen), std::move(ends.rejected)};
    } else if (one.sample.kind == Sample::Kind::kLabelled) {
      EncodedSample text;
      text.ids = context_.tokenizer.encode(one.sample.text);
      text.learned.assign(text.ids.size(), 0);
      one.encoded = {std::move(text)};
    } else {
      one.encoded = {renderer_->encode(one.sample)};
    }
  }

  void look_at(StreamedSample& one) {
    if (one.kept && one.sample.kind == Sample::Kind::kLabelled) ++survey_.labels[one.sample.label];
    if (one.kept) count(one.encoded);
    if (is_shown(one)) survey_.shown = std::move(one.encoded);
  }

  void count(const std::vector<EncodedSample>& ends) {
    const auto longest =
        std::max_element(ends.begin(), ends.end(), [](const auto& a, const auto& b) { return a.ids.size() < b.ids.size(); });
    survey_.lengths.push_back(static_cast<int32_t>(longest->ids.size()));
    bool cut = false, cut_away = false, no_answer = false;
    for (const EncodedSample& end : ends) {
      const int64_t learned = end.learned_count();
      survey_.tokens += static_cast<int64_t>(end.ids.size()), survey_.learned += learned;
      EncodedSample shorter = end;
      shorter.cut(context_.length + 1);
      cut = cut || shorter.ids.size() < end.ids.size();
      no_answer = no_answer || (learned == 0 && survey_.labels.empty());
      cut_away = cut_away || (learned > 0 && shorter.learned_count() == 0);
    }
    survey_.no_answer += no_answer;
    survey_.answer_cut_away += cut_away && !no_answer;
    survey_.cut += cut && !cut_away && !no_answer;
  }

  const SurveyOptions& options_;
  const SampleContext& context_;
  SampleMaker maker_;
  SampleStream stream_;
  std::optional<SampleRenderer> renderer_;
  Survey survey_;
};

}  // namespace

std::string start_hint(int64_t samples) {
  constexpr int64_t kFew = 10'000, kMany = 100'000;
  const char* usual = samples < kFew    ? "below 10,000 a chat model is the usual start"
                      : samples < kMany ? "between 10,000 and 100,000 it is open whether a chat or a base model is the better start"
                                        : "from 100,000 on a base model is the usual start";
  return base::cat("hint: ", samples, " samples: ", usual,
                   " (a rule of thumb of practitioners' interview notes, \"SFT: Chat or Base?\", with no measurement behind it)");
}

Survey survey_samples(const SurveyOptions& options, const SampleContext& context) {
  check(options.data);
  total_bytes(options.data);  // every file is there before the first is read
  return Surveyor(options, context).run();
}

}  // namespace athanor::data
