#pragma once
// The flags of one command. A command lists them once; parsing, `--help`, ranges and "did you mean" come from the list.
// Hyphen and underscore both parse. CLI11 does the splitting and lives in flags.cpp alone.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "athanor/core/base/options.h"

namespace athanor::app {

class Flags {
 public:
  explicit Flags(std::string command) : command_(std::move(command)) {}

  /// An argument without a dash. `name` is how the help calls it: "MODEL".
  void positional(const char* name, std::string& value, const char* help, bool required = true);
  /// The arguments that are left, any number of them.
  void positionals(const char* name, std::vector<std::string>& values, const char* help, bool required = true);

  /// `names`: all spellings, the long one first: "--max-new-tokens -n --predict".
  void flag(std::string_view names, bool& value, const char* help);
  void integer(std::string_view names, int64_t& value, const base::OptionInfo& info);
  void number(std::string_view names, double& value, const base::OptionInfo& info);
  void text(std::string_view names, std::string& value, const base::OptionInfo& info);
  /// May be given more than once.
  void texts(std::string_view names, std::vector<std::string>& values, const base::OptionInfo& info);

  /// Every option of a struct that has visit(): `max_new_tokens` becomes --max-new-tokens. `short_forms` adds spellings:
  /// {"max_new_tokens -n --predict", ...}.
  void options(const base::Visit& visit, const std::vector<std::string>& short_forms = {});

  /// Lists what follows under another title in the help ("everywhere").
  void title(const char* text) { title_ = text; }

  /// Fills the values. Throws one input_error for an unknown flag (with the nearest known), a missing argument or a bad value.
  void parse(const std::vector<std::string>& arguments);
  /// Whether the flag of that long name was on the command line.
  bool given(std::string_view long_name) const;

  /// "MODEL [FILE]": the arguments without a dash, for the usage line.
  std::string usage() const;
  /// The flags, one a line, under their titles.
  std::string help() const;

 private:
  using Set = std::function<void(const std::vector<std::string>& values)>;
  struct Item {
    std::vector<std::string> names;  // "--long", "-s"; the positional's name alone
    std::string value_name;          // "" for a switch
    std::string help;
    const char* title;
    std::vector<const char*> other_names;
    bool is_positional = false, required = false, repeats = false;
    Set set;
    bool was_given = false;
  };

  Item& add(std::string_view names, const char* value_name, std::string help, const base::OptionInfo& info, Set set);
  [[noreturn]] void unknown_flag(const std::string& flag) const;
  std::string where() const { return "cli." + command_; }

  std::string command_;
  const char* title_ = "flags";
  std::vector<Item> items_;
};

}  // namespace athanor::app
