#include "app/cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/catalog.h"
#include "athanor/core/base/error.h"

namespace athanor::app {
namespace {

constexpr int kMany = 1 << 20;  // arguments of one command line

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string hyphens(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

/// "--max-new-tokens" -> "--max-new-tokens,--max_new_tokens": what CLI11 takes.
std::string spellings(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    out += (out.empty() ? "" : ",") + name;
    if (std::string other = name; name.starts_with("--") && name.find('-', 2) != std::string::npos) {
      std::replace(other.begin() + 2, other.end(), '-', '_');
      out += "," + other;
    }
  }
  return out;
}

template <typename Number>
Number parse_number(const std::string& where, const std::string& flag, const std::string& text, const base::OptionInfo& info,
                    const char* kind) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    base::input_error(where, {flag + " takes " + kind, "\"" + text + "\""});
  double as_double = static_cast<double>(value);
  if (std::isnan(as_double) || as_double < info.min || as_double > info.max) {
    std::string range = std::isinf(info.max) ? base::cat("at least ", info.min) : base::cat(info.min, " to ", info.max);
    if (std::isinf(info.min)) range = std::isinf(info.max) ? "a number" : base::cat("at most ", info.max);
    base::input_error(where, {flag + " is out of range", text, range});
  }
  return value;
}

void check_choice(const std::string& where, const std::string& flag, const std::string& text, const base::OptionInfo& info) {
  if (info.choices.empty()) return;
  std::vector<std::string> known(info.choices.begin(), info.choices.end());
  if (std::find(known.begin(), known.end(), text) != known.end()) return;
  std::string list, near = base::nearest_name(text, known);
  for (const std::string& choice : known) list += (list.empty() ? "" : ", ") + choice;
  base::input_error(where, {"unknown value of " + flag, text, "one of " + list, near.empty() ? "" : near});
}

std::string with_default(const char* help, const std::string& value) {
  return value.empty() ? help : base::cat(help, " (", value, ")");
}

/// Turns visited options into flags.
class FlagVisitor : public base::OptionVisitor {
 public:
  FlagVisitor(Flags& flags, const std::vector<std::string>& short_forms) : flags_(flags), short_forms_(short_forms) {}
  void boolean(const char* name, bool& value, const base::OptionInfo& info) override { flags_.flag(names(name), value, info.help); }
  void integer(const char* name, int64_t& value, const base::OptionInfo& info) override {
    flags_.integer(names(name), value, info);
  }
  void number(const char* name, double& value, const base::OptionInfo& info) override { flags_.number(names(name), value, info); }
  void text(const char* name, std::string& value, const base::OptionInfo& info) override { flags_.text(names(name), value, info); }
  void texts(const char* name, std::vector<std::string>& value, const base::OptionInfo& info) override {
    flags_.texts(names(name), value, info);
  }
  void numbers(const char*, std::vector<double>&, const base::OptionInfo&) override {}  // no flag form: recipes only
  void tree(const char*, base::Node&, const base::OptionInfo&) override {}
  void group(const char*, const base::OptionInfo&, const std::function<void(base::OptionVisitor&)>& inside) override {
    inside(*this);
  }

 private:
  std::string names(std::string_view name) const {
    std::string out = "--" + hyphens(name);
    for (const std::string& form : short_forms_)
      if (auto parts = words(form); parts[0] == name)
        for (size_t i = 1; i < parts.size(); ++i) out += " " + parts[i];
    return out;
  }
  Flags& flags_;
  const std::vector<std::string>& short_forms_;
};

}  // namespace

Flags::Item& Flags::add(std::string_view names, const char* value_name, std::string help, const base::OptionInfo& info, Set set) {
  Item item;
  item.names = words(names);
  item.value_name = value_name;
  item.help = std::move(help);
  item.title = title_;
  item.other_names = info.other_names;
  item.required = info.required;
  item.set = std::move(set);
  return items_.emplace_back(std::move(item));
}

void Flags::positional(const char* name, std::string& value, const char* help, bool required) {
  Item& item = add(name, "", help, {.required = required}, [&value](const auto& values) { value = values.back(); });
  item.is_positional = true;
}

void Flags::positionals(const char* name, std::vector<std::string>& values, const char* help, bool required) {
  Item& item = add(name, "", help, {.required = required}, [&values](const auto& given) { values = given; });
  item.is_positional = item.repeats = true;
}

void Flags::flag(std::string_view names, bool& value, const char* help) {
  add(names, "", help, {}, [&value](const auto&) { value = true; });
}

void Flags::integer(std::string_view names, int64_t& value, const base::OptionInfo& info) {
  std::string name = words(names)[0];
  add(names, "N", with_default(info.help, base::cat(value)), info, [this, &value, name, info](const auto& values) {
    value = parse_number<int64_t>(where(), name, values.back(), info, "a whole number");
  });
}

void Flags::number(std::string_view names, double& value, const base::OptionInfo& info) {
  std::string name = words(names)[0];
  add(names, "X", with_default(info.help, base::cat(value)), info, [this, &value, name, info](const auto& values) {
    value = parse_number<double>(where(), name, values.back(), info, "a number");
  });
}

void Flags::text(std::string_view names, std::string& value, const base::OptionInfo& info) {
  std::string name = words(names)[0], choices;
  for (const char* choice : info.choices) choices += (choices.empty() ? ": " : "|") + std::string(choice);
  add(names, "TEXT", with_default((info.help + choices).c_str(), value), info, [this, &value, name, info](const auto& values) {
    check_choice(where(), name, values.back(), info);
    value = values.back();
  });
}

void Flags::texts(std::string_view names, std::vector<std::string>& values, const base::OptionInfo& info) {
  add(names, "TEXT", std::string(info.help) + " (repeatable)", info, [&values](const auto& given) { values = given; }).repeats =
      true;
}

void Flags::options(const base::Visit& visit, const std::vector<std::string>& short_forms) {
  FlagVisitor visitor(*this, short_forms);
  visit(visitor);
}

void Flags::parse(const std::vector<std::string>& arguments) {
  CLI::App parser;
  parser.set_help_flag();
  parser.allow_extras(false);
  for (size_t i = 0; i < items_.size(); ++i) {
    Item& item = items_[i];
    CLI::callback_t take = [&item](const CLI::results_t& values) {
      item.was_given = true;
      item.set(values);
      return true;
    };
    if (item.is_positional) {
      CLI::Option* option = parser.add_option(base::cat("argument", i), take);
      option->expected(1, item.repeats ? kMany : 1)->allow_extra_args(item.repeats);
    } else if (item.value_name.empty()) {
      parser.add_flag_function(spellings(item.names), [&item](int64_t) {
        item.was_given = true;
        item.set({});
      });
    } else {
      CLI::Option* option = parser.add_option(spellings(item.names), take);
      option->expected(1)->allow_extra_args(false)->multi_option_policy(item.repeats ? CLI::MultiOptionPolicy::TakeAll
                                                                                     : CLI::MultiOptionPolicy::TakeLast);
    }
  }
  try {
    parser.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ExtrasError&) {
    unknown_flag(parser.remaining().empty() ? "" : parser.remaining().front());
  } catch (const CLI::ParseError& error) {
    base::input_error(where(), {error.what(), "", "", "athanor " + command_ + " --help"});
  }
  for (const Item& item : items_)
    if (item.required && !item.was_given)
      base::input_error(where(), {item.names[0] + " is missing", "", item.help, "athanor " + command_ + " --help"});
}

void Flags::unknown_flag(const std::string& flag) const {
  std::string name = hyphens(flag.substr(0, flag.find('=')));
  if (!name.starts_with("-")) base::input_error(where(), {"one argument too many", flag, usage()});
  std::vector<std::string> known;
  for (const Item& item : items_) {
    if (item.is_positional) continue;
    for (const std::string& spelling : item.names) known.push_back(spelling);
    for (const char* other : item.other_names)
      if (name == "--" + hyphens(other))
        base::input_error(where(), {"unknown flag", flag, "", "it is called " + item.names[0] + " here"});
  }
  std::string near = base::nearest_name(name, known);
  base::input_error(where(), {"unknown flag", flag, "", near.empty() ? "athanor " + command_ + " --help" : near});
}

bool Flags::given(std::string_view long_name) const {
  for (const Item& item : items_)
    if (item.names[0] == long_name) return item.was_given;
  base::bug("cli.flags", {"no such flag", std::string(long_name)});
}

std::string Flags::usage() const {
  std::string out;
  for (const Item& item : items_) {
    if (!item.is_positional) continue;
    std::string name = item.names[0] + (item.repeats ? "..." : "");
    out += (out.empty() ? "" : " ") + (item.required ? name : "[" + name + "]");
  }
  return out;
}

std::string Flags::help() const {
  auto left_of = [](const Item& item) {
    std::string left;
    for (const std::string& name : item.names) left += (left.empty() ? "  " : ", ") + name;
    return item.value_name.empty() ? left : left + " " + item.value_name;
  };
  size_t width = 0;
  for (const Item& item : items_) width = std::max(width, left_of(item).size());
  std::string out, title;
  for (const Item& item : items_) {
    if (std::string name = item.is_positional ? "arguments" : item.title; name != title) {
      title = name;
      out += "\n" + title + "\n";
    }
    std::string left = left_of(item);
    left.resize(width + 2, ' ');
    out += left + item.help + "\n";
  }
  return out;
}

}  // namespace athanor::app
