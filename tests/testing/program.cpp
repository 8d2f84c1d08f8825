#include "tests/testing/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "tests/testing/data.h"
#include "tests/testing/temp_folder.h"

namespace athanor::testing {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// In the child: standard streams are files, so that no pipe can fill up and stall it.
[[noreturn]] void become(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                         const ProgramOptions& options, const TempFolder& streams) {
  dup2(open((streams / "in").c_str(), O_RDONLY), 0);
  dup2(open((streams / "out").c_str(), O_WRONLY | O_CREAT, 0600), 1);
  dup2(open((streams / "err").c_str(), O_WRONLY | O_CREAT, 0600), 2);
  if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) _exit(127);
  for (const std::string& variable : options.environment) putenv(const_cast<char*>(variable.c_str()));
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

}  // namespace

ProgramResult run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                          const ProgramOptions& options) {
  using Clock = std::chrono::steady_clock;
  const TempFolder streams;
  streams.write("in", options.input);
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become(program, arguments, options, streams);

  int status = 0;
  rusage usage{};
  for (int waits = 0; wait4(child, &status, WNOHANG, &usage) == 0; ++waits) {
    if (elapsed() > options.seconds) kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::microseconds(waits < 100 ? 200 : 5000));
  }
  ProgramResult result;
  result.seconds = elapsed();
  result.peak_kib = usage.ru_maxrss;
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  result.out = content(streams / "out");
  result.err = content(streams / "err");
  return result;
}

ProgramResult run_athanor(const std::vector<std::string>& arguments, const ProgramOptions& options) {
  return run_program(build_path("bin/athanor"), arguments, options);
}

}  // namespace athanor::testing
