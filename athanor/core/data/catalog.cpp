#include "athanor/core/data/augmentation.h"
#include "athanor/core/data/cleaning.h"
#include "athanor/core/data/sample.h"
#include "athanor/core/data/source.h"

namespace athanor::data {

std::unique_ptr<RowReader> open_jsonl(ByteWindow window, std::string name);
std::unique_ptr<RowReader> open_json(ByteWindow window, std::string name);
std::unique_ptr<RowReader> open_csv(ByteWindow window, std::string name);
std::unique_ptr<RowReader> open_tsv(ByteWindow window, std::string name);
std::unique_ptr<RowReader> open_markdown(ByteWindow window, std::string name);
std::unique_ptr<RowReader> open_parquet(const std::filesystem::path& file);
std::unique_ptr<RowReader> open_latex(ByteWindow window, std::string name);
bool is_passage(const FormRow& row);
Sample make_passage(const FormRow& row);
Rewrite make_letter_noise(const AugmentOptions& options);
Rewrite make_question_templates(const AugmentOptions& options);
bool is_preference(const FormRow& row);
Sample make_preference(const FormRow& row);
bool is_feedback(const FormRow& row);
Sample make_feedback(const FormRow& row);
bool is_messages(const FormRow& row);
Sample make_messages(const FormRow& row);
bool is_sharegpt(const FormRow& row);
Sample make_sharegpt(const FormRow& row);
bool is_alpaca(const FormRow& row);
Sample make_alpaca(const FormRow& row);
bool is_prompt_completion(const FormRow& row);
Sample make_prompt_completion(const FormRow& row);
bool is_classification(const FormRow& row);
Sample make_classification(const FormRow& row);
bool is_text(const FormRow& row);
Sample make_text(const FormRow& row);
CleaningStep make_repair_utf8(const CleaningOptions& options);
CleaningStep make_newlines(const CleaningOptions& options);
CleaningStep make_controls(const CleaningOptions& options);
CleaningStep make_nfc(const CleaningOptions& options);
CleaningStep make_c4_lines(const CleaningOptions& options);
CleaningStep make_boilerplate(const CleaningOptions& options);
CleaningStep make_drop_empty(const CleaningOptions& options);
CleaningStep make_drop_duplicates(const CleaningOptions& options);
CleaningStep make_gopher_quality(const CleaningOptions& options);
CleaningStep make_gopher_repetition(const CleaningOptions& options);
CleaningStep make_drop_near_duplicates(const CleaningOptions& options);

std::span<const SourceFormat> source_formats() {
  static const SourceFormat rows[] = {
      {{"jsonl", "one JSON object per line", "jsonlines.org", "sources/jsonl.cpp"}, {".jsonl", ".ndjson"}, open_jsonl},
      {{"json", "a list of JSON objects, or an object with the list under data or instances", "", "sources/json.cpp"},
       {".json"},
       open_json},
      {{"csv", "a table with the columns' names in its first line", "RFC 4180", "sources/csv.cpp"}, {".csv"}, open_csv},
      {{"tsv", "a table with tabs between its columns", "RFC 4180", "sources/csv.cpp"}, {".tsv"}, open_tsv},
      {{"parquet", "a table as data sets are kept on the hub (a build with PARQUET=1)", "parquet.apache.org",
        "sources/parquet.cpp"},
       {".parquet"},
       nullptr,
       open_parquet},
      {{"markdown", "a book or paper: its paragraphs, each with title and section", "commonmark.org", "sources/markdown.cpp"},
       {".md", ".markdown"},
       open_markdown},
      {{"latex", "a book or paper in LaTeX: its paragraphs, each with title and section", "", "sources/latex.cpp"},
       {".tex"},
       open_latex},
      {{"text", "plain text: a file is one document, or several with data.separator between them", "", "sources/text.cpp"},
       {},
       nullptr},
  };
  return rows;
}

std::span<const CleaningMethod> cleaning_methods() {
  using Options = CleaningOptions;
  static const CleaningMethod rows[] = {
      {{"repair-utf8", "replaces bytes that are not UTF-8 by U+FFFD", "Unicode 15, section 3.9", "cleaning/repair_utf8.cpp"},
       &Options::repair_utf8,
       false,
       make_repair_utf8},
      {{"newlines", "turns \\r\\n and \\r into \\n", "", "cleaning/newlines.cpp"}, &Options::newlines, false, make_newlines},
      {{"controls", "removes control characters other than tab and newline", "", "cleaning/controls.cpp"},
       &Options::controls,
       false,
       make_controls},
      {{"nfc", "composes characters (Unicode NFC)", "Unicode Annex #15", "cleaning/nfc.cpp"}, &Options::nfc, false, make_nfc},
      {{"c4-lines", "removes lines that are no sentences", "Raffel et al. 2020, arXiv:1910.10683", "cleaning/c4_lines.cpp"},
       &Options::c4_lines,
       false,
       make_c4_lines},
      {{"boilerplate", "removes lines that many documents share", "Wenzek et al. 2020, arXiv:1911.00359",
        "cleaning/boilerplate.cpp"},
       &Options::boilerplate,
       false,
       make_boilerplate},
      {{"drop-empty", "leaves out documents of white space only", "", "cleaning/drop_empty.cpp"},
       &Options::drop_empty,
       true,
       make_drop_empty},
      {{"drop-duplicates", "leaves out exact copies of an earlier document", "Lee et al. 2022, arXiv:2107.06499",
        "cleaning/drop_duplicates.cpp"},
       &Options::drop_duplicates,
       true,
       make_drop_duplicates},
      {{"gopher-quality", "leaves out what does not look like prose", "Rae et al. 2021, arXiv:2112.11446",
        "cleaning/gopher_quality.cpp"},
       &Options::gopher_quality,
       true,
       make_gopher_quality},
      {{"gopher-repetition", "leaves out what repeats itself", "Rae et al. 2021, arXiv:2112.11446",
        "cleaning/gopher_repetition.cpp"},
       &Options::gopher_repetition,
       true,
       make_gopher_repetition},
      {{"drop-near-duplicates", "leaves out what is nearly an earlier document", "Broder 1997; Lee et al. 2022, arXiv:2107.06499",
        "cleaning/drop_near_duplicates.cpp"},
       &Options::drop_near_duplicates,
       true,
       make_drop_near_duplicates},
  };
  return rows;
}

std::span<const SampleForm> sample_forms() {
  static const SampleForm rows[] = {
      {{"preference", "two answers to one prompt, the better one first", "Bai et al. 2022, arXiv:2204.05862",
        "forms/preference.cpp"},
       "chosen, rejected",
       is_preference,
       make_preference},
      {{"feedback", "a dialogue with a thumb up or down", "Ethayarajh et al. 2024, arXiv:2402.01306", "forms/feedback.cpp"},
       "messages, label (true or false)",
       is_feedback,
       make_feedback},
      {{"messages", "messages with role and content", "", "forms/messages.cpp"}, "messages", is_messages, make_messages},
      {{"sharegpt", "conversations with from and value, tools too", "", "forms/sharegpt.cpp"},
       "conversations",
       is_sharegpt,
       make_sharegpt},
      {{"alpaca", "instruction, input and output", "Taori et al. 2023, github.com/tatsu-lab/stanford_alpaca", "forms/alpaca.cpp"},
       "instruction, output",
       is_alpaca,
       make_alpaca},
      {{"prompt-completion", "a prompt and what follows it", "", "forms/prompt_completion.cpp"},
       "prompt, completion",
       is_prompt_completion,
       make_prompt_completion},
      {{"passage", "a paragraph that its title, section and key phrases ask for", "Mihalcea and Tarau 2004, W04-3252",
        "forms/passage.cpp"},
       "title, section, text",
       is_passage,
       make_passage},
      {{"classification", "a text and its label", "", "forms/classification.cpp"},
       "text, label",
       is_classification,
       make_classification},
      {{"text", "a text, all of it learned", "", "forms/text.cpp"}, "text", is_text, make_text},
  };
  return rows;
}

std::span<const AugmentMethod> augment_methods() {
  static const AugmentMethod rows[] = {
      {{"noise", "letters of questions go wrong as in typing", "Belinkov and Bisk 2018, arXiv:1711.02173", "augmenting/noise.cpp"},
       false,
       make_letter_noise},
      {{"templates", "several ways to put a question", "Sanh et al. 2022, arXiv:2110.08207", "augmenting/templates.cpp"},
       true,
       make_question_templates},
  };
  return rows;
}

std::vector<base::Shelf> shelves() {
  base::Shelf sources{"core/data", "sources", {}}, forms{"core/data", "forms", {}}, cleaning{"core/data", "cleaning", {}};
  base::Shelf augmenting{"core/data", "augmenting", {}};
  for (const SourceFormat& row : source_formats()) sources.entries.push_back(row);
  for (const SampleForm& row : sample_forms()) forms.entries.push_back(row);
  for (const CleaningMethod& row : cleaning_methods()) cleaning.entries.push_back(row);
  for (const AugmentMethod& row : augment_methods()) augmenting.entries.push_back(row);
  return {sources, forms, cleaning, augmenting};
}

}  // namespace athanor::data
