#pragma once
// Rows -> samples: what tuning learns from. How rows spell a sample is a *form*; one form is one file in forms/ and one row in
// catalog.cpp. The first row of a file decides its form, unless data.form names it.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "athanor/core/base/catalog.h"
#include "athanor/core/base/json.h"
#include "athanor/core/base/node.h"
#include "athanor/core/data/augmentation.h"

namespace athanor::data {

/// What a sample is made of; a field that its kind does not name is empty.
struct Sample {
  enum class Kind {
    kChat,        // messages, tools
    kCompletion,  // prompt, text: what follows the prompt
    kPreference,  // messages (the prompt), chosen, rejected, tools
    kFeedback,    // messages (with the answer), tools, good
    kLabelled,    // text, label, labels
    kText         // text
  };
  Kind kind = Kind::kText;
  std::shared_ptr<base::Json> messages = nullptr;                    // a list of {role, content, ...}
  std::shared_ptr<base::Json> chosen = nullptr, rejected = nullptr;  // lists of messages that follow `messages`
  std::shared_ptr<base::Json> tools = nullptr;                       // a list of JSON schemas; null: none
  std::string prompt = {}, text = {}, label = {};
  std::vector<std::string> labels = {};  // one, or those of a list
  bool several = false;                  // the labels came as a list
  bool good = false;
};

/// One parsed row and its place; what forms read it through. Errors are file_errors "file:line: ...".
class FormRow {
 public:
  FormRow(const base::Json& value, std::string_view file, int64_t line, uint64_t draw = 0)
      : value_(value), file_(file), line_(line), draw_(draw) {}

  bool has(std::string_view column) const;  // there and not null
  /// The column, or null.
  const base::Json* find(std::string_view column) const;
  const base::Json& column(std::string_view name) const;
  /// The column's text; numbers and booleans as JSON writes them.
  std::string text(std::string_view name) const;
  /// "" where it is absent.
  std::string text_or_empty(std::string_view name) const { return has(name) ? text(name) : std::string(); }
  /// A list of messages: role and content, or from and value. `column` is for messages of errors.
  base::Json messages(const base::Json& list, std::string_view column) const;
  /// The column `tools`: a list, or a list as JSON text; null where there is none.
  std::shared_ptr<base::Json> tools() const;
  /// What a form that has several ways to write a sample draws by.
  uint64_t draw() const { return draw_; }
  [[noreturn]] void fail(const std::string& what, const std::string& got = {}, const std::string& expected = {},
                         const std::string& advice = {}) const;

 private:
  const base::Json& value_;
  std::string_view file_;
  int64_t line_;
  uint64_t draw_;
};

struct SampleForm : base::Entry {
  const char* columns;  // for messages: "instruction, output"
  bool (*recognises)(const FormRow& row);
  Sample (*make)(const FormRow& row);
};

/// In the order in which they are tried.
std::span<const SampleForm> sample_forms();

struct FormOptions {
  std::string form;    // "": as the first row of each file shows
  base::Node columns;  // {instruction: question}: the column that a form calls `instruction` is called `question` in the files
  base::Node fill;     // {name: Ada}: what {{name}} stands for
  AugmentOptions augment;
};

/// Rows of one file -> samples. make() may be called by several threads at once, after begin().
class SampleMaker {
 public:
  /// input_error where options name no form, or columns or fill is no map of texts.
  explicit SampleMaker(const FormOptions& options);
  /// Decides the form of a file by its first row; file_error with its columns where no form fits.
  const SampleForm& begin(const base::Json& first_row, std::string_view file, int64_t line);
  /// `unfilled` collects the names of placeholders {{name}} that no fill is given for; `pass`: how often the file was read before.
  Sample make(base::Json row, std::string_view file, int64_t line, std::set<std::string>& unfilled, int64_t pass = 0) const;

 private:
  void rename(base::Json& row) const;
  std::vector<std::pair<std::string, std::string>> columns_, fill_;
  Augmenter augmenter_;
  const SampleForm* fixed_ = nullptr;
  const SampleForm* form_ = nullptr;
};

/// All that a sample says, its tools and calls too, joined by newlines: what duplicates are found by.
std::string sample_text(const Sample& sample);
/// Calls `change` on every text of a sample.
void for_each_text(Sample& sample, const std::function<void(std::string& text)>& change);

/// {"role": role, "content": content}
base::Json chat_message(std::string_view role, std::string content);

}  // namespace athanor::data
