#pragma once
// What a command is: one row in commands.cpp, one file in commands/.

#include <functional>
#include <string>
#include <vector>

#include "app/cli/flags.h"
#include "athanor/core/base/progress.h"

namespace athanor::app {

struct LearnWing;

/// Flags that every command takes.
struct Everywhere {
  int64_t threads = 0;  // 0: as many as this process may use
  std::string log_level = "info";
  std::string device = "cpu";
  std::string dtype;  // "": the command's own choice
  bool help = false;
};

/// One call of the program.
struct Invocation {
  std::vector<std::string> arguments;  // as given, the program's name left out
  Everywhere everywhere;
  const LearnWing* learn = nullptr;        // what athanor-learn brings; nullptr in athanor
  base::ProgressSink* progress = nullptr;  // where progress is drawn
};

/// Does the work after parsing and returns the exit code.
using Run = std::function<int(const Invocation&)>;

struct Command {
  const char* name;
  const char* sentence;
  std::vector<const char*> examples;  // whole command lines; a test runs each
  bool learns;                        // athanor-learn runs it
  Run (*declare)(Flags& flags);       // lists the flags; what it returns keeps their values alive
};

/// In the order of `athanor --help`.
const std::vector<Command>& commands();
/// input_error with the nearest name where there is none.
const Command& find_command(const std::string& name);

}  // namespace athanor::app
