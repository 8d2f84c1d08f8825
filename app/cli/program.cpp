#include "app/cli/program.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>

#include "app/cli/help.h"
#include "app/cli/output.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/dtype.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/memory.h"
#include "athanor/core/base/progress.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/base/threads.h"

namespace athanor::app {
namespace {

volatile std::sig_atomic_t stop_signal = 0;

/// The first signal asks for a clean end, the second leaves at once.
void on_signal(int signal) {
  if (stop_signal != 0) _exit(128 + signal);
  stop_signal = signal;
  base::request_stop();
}

void handle_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

const std::vector<const char*> kLogLevels = {"debug", "info", "warning", "error", "quiet"};

void complain(std::string_view text) {
  std::string line = "athanor: " + std::string(text) + "\n";
  [[maybe_unused]] ssize_t n = write(STDERR_FILENO, line.data(), line.size());
}

void declare_everywhere(Flags& flags, Everywhere& everywhere) {
  flags.title("everywhere");
  flags.integer("--threads -t", everywhere.threads, {"threads; 0 takes all that this process may use", 0, 1024});
  flags.text("--device", everywhere.device, {.help = "where to compute", .choices = {"cpu", "cuda"}});
  flags.text("--dtype", everywhere.dtype,
             {.help = "f32, bf16, f16 or i8, where the command computes or writes numbers", .other_names = {"type"}});
  flags.text("--log-level", everywhere.log_level, {.help = "lowest kind of message shown", .choices = kLogLevels});
  flags.flag("--help -h", everywhere.help, "this text");
}

void apply(const Everywhere& everywhere, const Command& command) {
  set_log(everywhere.log_level);
  if (everywhere.threads > 0) base::set_thread_count(static_cast<int>(everywhere.threads));
  if (!everywhere.dtype.empty() && !base::dtype_from_user(everywhere.dtype))
    base::input_error("cli.dtype", {"unknown --dtype", everywhere.dtype, "f32, bf16, f16 or i8"});
  if (everywhere.device == "cuda" && !command.learns)
    base::input_error("cli.device",
                      {base::cat("`", command.name, "` runs on the CPU"), "--device cuda", "--device cpu", "leaving --device out"});
}

/// Where the command's name stands: the first argument that is neither a flag nor the value of one.
size_t command_index(const std::vector<std::string>& arguments) {
  size_t i = 0;
  while (i < arguments.size() && arguments[i].starts_with("-")) {
    const std::string& a = arguments[i];
    bool takes_value =
        a == "--threads" || a == "-t" || a == "--device" || a == "--dtype" || a == "--log-level" || a == "--log_level";
    i += takes_value ? 2 : 1;
  }
  return std::min(i, arguments.size());
}

int run_command(Invocation& call) {
  std::vector<std::string> arguments = call.arguments;
  size_t at = command_index(arguments);
  if (at == arguments.size()) {
    for (const std::string& a : arguments)
      if (a == "--version") return print(version_text()), 0;
    print(program_help());
    return 0;
  }
  const Command& command = find_command(arguments[at] == "help" && at + 1 < arguments.size() ? arguments[at + 1] : arguments[at]);
  if (arguments[at] == "help")
    arguments = {"--help"};
  else
    arguments.erase(arguments.begin() + static_cast<ptrdiff_t>(at));

  Flags flags(command.name);
  Run run = command.declare(flags);
  declare_everywhere(flags, call.everywhere);
  for (const std::string& a : arguments) {
    if (a == "--") break;
    if (a == "--help" || a == "-h") return print(command_help(command, flags)), 0;
  }
  flags.parse(arguments);
  apply(call.everywhere, command);
  return run(call);
}

int guarded(Invocation& call) {
  try {
    return run_command(call);
  } catch (const base::Error& error) {
    complain(error.kind() == base::ErrorKind::kBug ? base::cat(error.what(), " (this is a bug of Athanor)")
                                                   : std::string(error.what()));
    return error.exit_code();
  } catch (const base::Stopped&) {
    return 0;  // which Ctrl-C makes 130
  } catch (const std::exception& error) {
    if (base::is_out_of_memory(error)) {
      complain("[cli.memory] not enough memory; try a smaller model, batch or context");
      return static_cast<int>(base::ErrorKind::kInput);
    }
    complain(base::Error(base::ErrorKind::kBug, "cli", {base::cat("this is a bug of Athanor: ", error.what())}).what());
  } catch (...) {
    complain("[cli] this is a bug of Athanor: an unknown exception");
  }
  return static_cast<int>(base::ErrorKind::kBug);
}

}  // namespace

void set_log(const std::string& level) {
  int lowest = 0;
  while (lowest < 4 && level != kLogLevels[static_cast<size_t>(lowest)]) ++lowest;
  base::set_log_sink([lowest](base::LogLevel of, std::string_view message) {
    if (static_cast<int>(of) < lowest) return;
    complain(of == base::LogLevel::kWarning ? base::cat("warning: ", message) : std::string(message));
  });
}

int run_program(int argc, char** argv, const LearnWing* learn) {
  handle_signals();
  std::unique_ptr<base::ProgressSink> progress = base::terminal_progress();
  base::set_progress_sink(progress.get());
  set_log("info");

  Invocation call;
  call.arguments.assign(argv + 1, argv + argc);
  call.learn = learn;
  call.progress = progress.get();
  int code = guarded(call);

  base::set_progress_sink(nullptr);
  // a command whose normal end is Ctrl-C has cleared the wish to stop
  return code == 0 && stop_signal == SIGINT && base::stop_requested() ? 130 : code;
}

}  // namespace athanor::app
