#include "app/cli/learn_wing.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::app {

std::filesystem::path learn_program() {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return self.parent_path() / "athanor-learn";
}

std::vector<std::string> missing_libraries(const std::filesystem::path& program) {
  // What ldd does: the loader lists the libraries instead of starting the program.
  std::string quoted = "'";
  for (char c : program.string()) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  std::string command = "LD_TRACE_LOADED_OBJECTS=1 " + quoted + "' 2>&1";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::vector<std::string> missing;
  char line[1024];
  while (pipe && fgets(line, sizeof line, pipe.get()))
    if (char* arrow = std::strstr(line, " => not found")) missing.emplace_back(line + std::strspn(line, " \t"), arrow);
  return missing;
}

void start_learn(const Invocation& call) {
  std::filesystem::path program = learn_program();
  if (!std::filesystem::exists(program))
    base::file_error("cli.learn",
                     {"this command learns, and athanor-learn is not beside athanor", "", program.string(), "make build"});
  // One look at the usual place is cheap; the loader is asked only where libtorch is not there.
  if (!std::filesystem::exists(ATHANOR_LIBTORCH_FILE))
    if (auto missing = missing_libraries(program); !missing.empty())
      base::file_error("cli.learn", {"athanor-learn needs a library that is not on this machine", missing[0], "", "make setup"});

  // OpenMP's threads wait by spinning, a millisecond and longer. With another program on the same cores the one that spins then
  // keeps the one that works from running, and training is ten times slower; a few microseconds of it keep the speed and lose that.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "3000", 0);

  // Activations come and go in megabytes. By default glibc gives each back to the system and takes it again page by page, which is
  // 6 % of a training step; kept, and asked for in 2 MiB pages where the system grants them, they cost nothing.
  setenv("GLIBC_TUNABLES",
         "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=4294967296:"
         "glibc.malloc.top_pad=16777216",
         0);

  std::vector<char*> arguments = {const_cast<char*>(program.c_str())};
  for (const std::string& a : call.arguments) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  base::file_error("cli.learn", {"cannot start athanor-learn", std::strerror(errno), "", "athanor doctor"});
}

}  // namespace athanor::app
