#include "lab/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/mapped_file.h"

extern char** environ;

namespace athanor::lab {
namespace {

constexpr auto kPause = std::chrono::milliseconds(10);

/// VmHWM of a process in MiB; 0 where it has no memory any more.
double peak_of(pid_t pid) {
  std::ifstream status(base::cat("/proc/", pid, "/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return 0;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> with_environment(const std::vector<std::string>& settings) {
  std::vector<std::string> all = settings;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    if (std::none_of(settings.begin(), settings.end(), [&](const std::string& s) { return s.starts_with(name); }))
      all.push_back(text);
  }
  return all;
}

}  // namespace

ChildResult run_child(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::vector<std::string> words = {program.string()}, settings = with_environment(environment);
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::string out = (folder / "out.txt").string(), err = (folder / "err.txt").string();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.c_str(), &actions, nullptr, pointers(words).data(), pointers(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) base::file_error("lab.child", {"cannot start " + program.string(), std::strerror(error)});
  ChildResult result;
  int status = 0;
  for (pid_t ended = 0; ended == 0; std::this_thread::sleep_for(kPause)) {
    result.peak_mib = std::max(result.peak_mib, peak_of(pid));
    ended = waitpid(pid, &status, WNOHANG);
    if (ended < 0 && errno != EINTR) base::file_error("lab.child", {"cannot wait for " + program.string(), std::strerror(errno)});
    ended = std::max(ended, 0);
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.out = base::read_text_file(out);
  if (result.exit_code != 0) base::file_error("lab.child", {program.string() + " failed", base::read_text_file(err)});
  return result;
}

}  // namespace athanor::lab
