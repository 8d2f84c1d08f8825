#include "athanor/core/data/sample.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::data {
namespace {

using base::Json;

std::vector<std::pair<std::string, std::string>> pairs_of(const base::Node& node, const char* name) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (node.kind == base::Node::Kind::kNull) return pairs;
  bool good = node.kind == base::Node::Kind::kMap;
  for (const auto& [key, value] : node.members) {
    good = good && value.kind == base::Node::Kind::kScalar;
    pairs.emplace_back(key, value.scalar);
  }
  if (!good) base::input_error("data.samples", {std::string("data.") + name + " is no map of texts", "", "{name: text, ...}"});
  return pairs;
}

bool is_name_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// The name of a placeholder {{ name }} that begins at `at`, and its size; size 0 where there is none.
std::pair<std::string, size_t> placeholder_at(const std::string& text, size_t at) {
  size_t begin = at + 2;
  while (begin < text.size() && text[begin] == ' ') ++begin;
  size_t end = begin;
  while (end < text.size() && is_name_letter(text[end])) ++end;
  size_t close = end;
  while (close < text.size() && text[close] == ' ') ++close;
  if (end == begin || text.compare(close, 2, "}}") != 0) return {"", 0};
  return {text.substr(begin, end - begin), close + 2 - at};
}

void fill_text(std::string& text, const std::vector<std::pair<std::string, std::string>>& fill, std::set<std::string>& unfilled) {
  for (size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at)) {
    auto [name, size] = placeholder_at(text, at);
    const auto found =
        std::find_if(fill.begin(), fill.end(), [&name = name](const auto& pair) { return pair.first == name && !name.empty(); });
    if (found != fill.end()) {
      text.replace(at, size, found->second);
      at += found->second.size();
    } else {
      if (size > 0) unfilled.insert(name);
      at += std::max<size_t>(size, 2);
    }
  }
}

std::string columns_of(const Json& row) {
  std::string list;
  for (const auto& [key, value] : row.items())
    if (list.size() < 120) list += (list.empty() ? "" : ", ") + key;
  return list.empty() ? "none" : list;
}

void visit_texts(Json& messages, const std::function<void(std::string& text)>& change) {
  for (Json& message : messages) {
    if (!message.contains("content")) continue;
    Json& content = message["content"];
    if (content.is_string()) change(content.get_ref<std::string&>());
  }
}

}  // namespace

SampleMaker::SampleMaker(const FormOptions& options)
    : columns_(pairs_of(options.columns, "columns")), fill_(pairs_of(options.fill, "fill")), augmenter_(options.augment) {
  if (!options.form.empty()) fixed_ = &base::find_row(sample_forms(), options.form, "data.form");
}

void SampleMaker::rename(Json& row) const {
  for (const auto& [name, column] : columns_)
    if (const auto found = row.find(column); found != row.end() && name != column) {
      Json value = std::move(*found);
      row.erase(column);
      row[name] = std::move(value);
    }
}

const SampleForm& SampleMaker::begin(const Json& first_row, std::string_view file, int64_t line) {
  Json row = first_row;
  rename(row);
  const FormRow view(row, file, line);
  form_ = fixed_;
  for (const SampleForm& form : sample_forms())
    if (!form_ && form.recognises(view)) form_ = &form;
  if (form_) return *form_;
  std::string known;
  for (const SampleForm& form : sample_forms()) known += (known.empty() ? "" : "; ") + std::string(form.columns);
  view.fail("no form of samples has these columns", columns_of(row), known, "data.columns {name of the form: name here}");
}

Sample SampleMaker::make(Json row, std::string_view file, int64_t line, std::set<std::string>& unfilled, int64_t pass) const {
  base::expect(form_ != nullptr, "data.samples", "begin() comes first");
  if (!columns_.empty()) rename(row);
  const uint64_t draw = augmenter_.draw(file, line, pass);
  Sample sample = form_->make(FormRow(row, file, line, draw));
  for_each_text(sample, [&](std::string& text) { fill_text(text, fill_, unfilled); });
  augmenter_.apply(sample, draw);
  return sample;
}

void for_each_text(Sample& sample, const std::function<void(std::string& text)>& change) {
  for (const auto& list : {sample.messages, sample.chosen, sample.rejected})
    if (list) visit_texts(*list, change);
  for (std::string* text : {&sample.prompt, &sample.text})
    if (!text->empty()) change(*text);
}

std::string sample_text(const Sample& sample) {
  Sample same = sample;  // its lists are shared and stay as they are
  std::string all;
  auto add = [&all](const std::string& text) { all += (all.empty() ? "" : "\n") + text; };
  for_each_text(same, add);
  for (const auto& list : {sample.messages, sample.chosen, sample.rejected})
    for (const Json& message : list ? *list : Json::array())
      if (const auto calls = message.find("tool_calls"); calls != message.end()) add(calls->dump());
  if (sample.tools) add(sample.tools->dump());
  if (!sample.label.empty()) add(sample.label);
  return all;
}

Json chat_message(std::string_view role, std::string content) { return {{"role", role}, {"content", std::move(content)}}; }

bool FormRow::has(std::string_view column) const { return find(column) != nullptr; }

const Json* FormRow::find(std::string_view column) const {
  const auto found = value_.find(column);
  return found == value_.end() || found->is_null() ? nullptr : &*found;
}

const Json& FormRow::column(std::string_view name) const {
  if (const Json* found = find(name)) return *found;
  fail(base::cat("no column \"", name, "\""), "columns " + columns_of(value_), "", "set data.columns or data.form");
}

std::string FormRow::text(std::string_view name) const {
  const Json& value = column(name);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  fail(base::cat("column \"", name, "\" is not text"), value.type_name(), "a string");
}

void FormRow::fail(const std::string& what, const std::string& got, const std::string& expected, const std::string& advice) const {
  base::file_error("data.samples", {base::cat(file_, ":", line_, ": ", what), got, expected, advice});
}

}  // namespace athanor::data
