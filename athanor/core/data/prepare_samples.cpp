#include "athanor/core/data/prepare_samples.h"

#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/log.h"
#include "athanor/core/data/prepared.h"
#include "athanor/core/data/sample_preparation.h"
#include "athanor/core/text/tokenizer.h"

namespace athanor::data {
namespace fs = std::filesystem;
namespace {

constexpr int kSampleFormat = 1;  // raised when the same options would make other shards

void refuse_other_kinds(const SampleForm& form, const fs::path& file) {
  for (const char* other : {"preference", "feedback", "classification"})
    if (form.name == std::string_view(other))
      base::input_error("data.samples",
                        {base::cat(file.filename().string(), " holds samples of the form ", other), form.columns,
                         "dialogues, instructions, prompts with completions, or texts", "data.form or data.columns"});
}

}  // namespace

PreparedData prepare_samples(const DataOptions& options, const SampleContext& context, const fs::path& folder) {
  check(options);
  total_bytes(options);  // every file is there before the first is read
  SampleMaker maker({options.form, options.columns, options.fill, {}});
  std::vector<const SampleForm*> forms;
  for (const auto* files : {&options.train, &options.eval})
    for (const fs::path file : *files)
      if (const SampleForm* form = form_of(maker, file)) {
        refuse_other_kinds(*form, file);
        forms.push_back(form);
      }
  const TemplateChoice choice =
      choose_template(options.chat_template, context.tokenizer_folder, context.tokenizer, forms, context.own_template);
  const SampleRenderer renderer(context.tokenizer, choice, context.tokenizer_folder, options.learn == "last");
  base::Json key = key_of_files(options);
  key["samples"] = kSampleFormat, key["length"] = context.length, key["template_source"] = choice.source;
  key["tokenizer"] = base::hash_hex(context.tokenizer_hash);
  PreparedData data =
      prepared_once(folder, base::hash64(key.dump()), wants_eval(options), [&](const fs::path& train, const fs::path& eval) {
        const auto encode = [&](const Sample& sample) { return renderer.encode(sample); };
        return make_sample_shards({options, context, encode, 2 * context.tokenizer.vocab_size()}, train, eval);
      });
  if (!choice.from_model) data.chat_template = choice.source;
  std::optional<text::TokenId> end = context.tokenizer.eos();
  if (renderer.chat())
    if (const auto special = turn_end(*renderer.chat(), context.tokenizer)) end = special;
  data.turn_end = end.value_or(-1);
  return data;
}

}  // namespace athanor::data
