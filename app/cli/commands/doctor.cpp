// athanor doctor: what is missing on this machine, and the line that mends it.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/learn_wing.h"
#include "app/cli/output.h"
#include "app/cli/share.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/threads.h"
#include "athanor/core/kernels/isa.h"

namespace athanor::app {
namespace {

struct Finding {
  const char* name;
  bool fine;
  std::string found, mend;  // mend: a command line, "" where nothing is to be done
};

double memory_at(const char* key) {  // bytes
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return std::stod(line.substr(std::string(key).size() + 1)) * 1024;
  return 0;
}

Finding look_at_learn() {
  auto program = learn_program();
  if (!std::filesystem::exists(program)) return {"athanor-learn", false, "not beside athanor", "make build"};
  return {"athanor-learn", true, program.string(), ""};
}

Finding look_at_libraries() {
  auto program = learn_program();
  if (!std::filesystem::exists(program)) return {"libtorch", false, "unknown without athanor-learn", "make build"};
  auto missing = missing_libraries(program);
  if (!missing.empty()) return {"libtorch", false, missing[0] + " is not found", "make setup"};
  return {"libtorch", true, "every library is found", ""};
}

Finding look_at_instructions() {
  auto level = kernels::best_isa_level();
  return {"instructions", level != kernels::IsaLevel::kScalar, std::string(kernels::isa_name(level)), ""};
}

std::vector<Finding> findings() {
  double free = memory_at("MemAvailable");
  std::error_code error;
  auto space = std::filesystem::space(std::filesystem::current_path(), error);
  auto corpus = share_file("assets/corpus/tinyshakespeare.txt");
  return {
      look_at_instructions(),
      {"threads", true, base::cat(base::thread_count()), ""},
      {"memory", free > 1e9, base::human_bytes(free) + " free",
       free > 1e9 ? "" : "close other programs; quickstart needs about 1 GiB"},
      {"disk", !error && space.available > (1u << 30),
       base::human_bytes(static_cast<double>(space.available)) + " free in this folder", ""},
      look_at_learn(),
      look_at_libraries(),
      {"corpus", !corpus.empty(), corpus.empty() ? "assets/corpus is not found" : corpus.string(),
       corpus.empty() ? "git checkout -- assets" : ""},
  };
}

int run(bool json) {
  bool fine = true;
  base::Json list = base::Json::array();
  std::string text;
  for (const Finding& finding : findings()) {
    fine = fine && finding.fine;
    list.push_back({{"name", finding.name}, {"fine", finding.fine}, {"found", finding.found}, {"mend", finding.mend}});
    std::string name = finding.name;
    name.resize(15, ' ');
    text += base::cat(finding.fine ? "fine     " : "missing  ", name, finding.found,
                      finding.mend.empty() ? "" : base::cat("\n         mend it with: ", finding.mend), "\n");
  }
  if (json)
    print_json({{"fine", fine}, {"findings", list}});
  else
    print(text);
  return 0;
}

}  // namespace

Run declare_doctor(Flags& flags) {
  auto json = std::make_shared<bool>(false);
  flags.flag("--json", *json, "one JSON object: fine, findings");
  return [json](const Invocation&) { return run(*json); };
}

}  // namespace athanor::app
