#include "athanor/core/data/prepare.h"

namespace athanor::data {

void DataOptions::visit(base::OptionVisitor& v) {
  v.texts("train", train,
          {.help = "files to train on: plain text, .jsonl, .json, .csv or .tsv, all of them also .gz or .zst",
           .other_names = {"train_file", "dataset"}});
  v.tree("mix", mix, {.help = "in place of train, sources in proportions: [{files: [...], weight: 5}, ...]"});
  v.number("temperature", temperature, {"mix without weights: sources by size^(1/temperature)", 1, 1e6});
  v.text("exhausted", exhausted,
         {.help = "mix: in an epoch the smaller sources repeat, or it stops where the first is exhausted, or that is an error",
          .choices = {"repeat", "stop", "error"}});
  v.texts("eval", eval, {.help = "held-out files", .other_names = {"validation_file", "eval_dataset"}});
  v.number("holdout", holdout,
           {"part of each training file, at its end, that is held out", 0, 0.9, {"validation_split_percentage", "val_size"}});
  v.texts("watch", watch, {.help = "text files whose perplexity is measured before and after: what the model may forget"});
  v.text("text_key", text_key,
         {.help = "documents: the column that holds one", .other_names = {"text_column", "dataset_text_field"}});
  v.text("separator", separator,
         {.help = "plain text: what stands between documents, e.g. <|endoftext|>; blank-lines; paragraphs (of a book); empty: a "
                  "file is one document"});
  v.group("clean", {"steps before tokenizing"}, [&](base::OptionVisitor& inside) { clean.visit(inside); });
  v.boolean("cross_documents", cross_documents, {"attention runs over the borders of documents in a row"});
  v.integer("eval_overlap", eval_overlap, {"tokens of context that evaluation windows share", 0, 1e6, {"stride"}});
  v.text("form", form, {.help = "samples: how rows spell them (athanor list core/data); empty: as the first row of a file shows"});
  v.tree("columns", columns, {.help = "samples: {instruction: question} where a form's column has another name in the files"});
  v.tree("fill", fill, {.help = "samples: {name: Ada} fills {{name}}"});
  v.group("augment", {"samples: questions in other words"}, [&](base::OptionVisitor& inside) { augment.visit(inside); });
  v.text("template", chat_template,
         {.help = "samples: chatml, alpaca or a Jinja file; empty: the model's own",
          .other_names = {"chat_template", "chat_template_path"}});
  v.text("learn", learn, {.help = "samples: all answers of a dialogue, or the last one", .choices = {"all", "last"}});
  v.texts("labels", labels, {.help = "classify: the labels in the order of their numbers; empty: those of the files, sorted"});
  v.text("problem", problem,
         {.help = "classify: one label of several, any number of them, or numbers to estimate; empty: as the labels look",
          .other_names = {"problem_type"},
          .choices = {"", "single_label_classification", "multi_label_classification", "regression"}});
  v.boolean("packing", packing, {"samples share rows, without seeing each other", 0, 1, {"neat_packing", "pack"}});
}

}  // namespace athanor::data
