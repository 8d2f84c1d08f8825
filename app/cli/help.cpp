#include "app/cli/help.h"

#include <algorithm>

#include "athanor/core/base/cat.h"

namespace athanor::app {

std::string version_text() { return "athanor " ATHANOR_VERSION "\n"; }

std::string program_help() {
  size_t width = 0;
  for (const Command& command : commands()) width = std::max(width, std::string_view(command.name).size());
  std::string out = "athanor " ATHANOR_VERSION
                    ": takes a language model through its whole life, from raw text to a model that writes\n\n"
                    "usage: athanor COMMAND [arguments] [flags]\n\ncommands\n";
  for (const Command& command : commands()) {
    std::string name = command.name;
    name.resize(width + 2, ' ');
    out += "  " + name + command.sentence + "\n";
  }
  out +=
      "\nbegin here\n"
      "  athanor quickstart --quick        a tokenizer, a model and a report in under a minute\n"
      "  athanor COMMAND --help            flags and examples of one command\n"
      "\nexit codes: 0 done, 2 your input, 3 a file, 70 a bug of ours, 130 after Ctrl-C\n";
  return out;
}

std::string command_help(const Command& command, const Flags& flags) {
  std::string usage = flags.usage();
  std::string out = base::cat("athanor ", command.name, ": ", command.sentence, "\n\nusage: athanor ", command.name,
                              usage.empty() ? "" : " ", usage, " [flags]\n", flags.help(), "\nexamples\n");
  for (const char* example : command.examples) out += base::cat("  ", example, "\n");
  return out;
}

}  // namespace athanor::app
