#pragma once
// The border between the two programs. `athanor` never maps libtorch; for a command that learns it starts `athanor-learn` beside it
// with the same arguments, as git starts its parts. athanor-learn is the same program with this table filled.

#include <filesystem>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "athanor/core/base/catalog.h"

namespace athanor::app {

struct TrainArguments {
  std::string recipe;
  std::vector<std::string> settings;  // "train.lr=1e-4"
  bool resume = false, force = false;
};

struct EstimateArguments {
  std::string model;                  // a folder, or a recipe
  std::vector<std::string> settings;  // "adapter.method=lora"
  std::string stage;                  // "": the recipe's
  int64_t batch = 0, length = 0;      // 0: the recipe's
  double memory = 0;                  // GiB; 0: what is free
  bool json = false;
};

struct LogitsArguments {
  std::string model, ids, text, out, executor = "engine";
  std::vector<std::string> lora = {};
  bool hidden = false;
};

struct QuickstartArguments {
  std::string out = "quickstart", corpus, recipe;
  std::vector<std::string> settings;
  double minutes = 0;  // 0: the recipe's
  int64_t seed = 0;
  bool quick = false, force = false;
};

struct LabArguments {
  std::string name, out, general, domain;
  int64_t seeds = 3;
  bool quick = false, json = false;
};

/// What athanor-learn adds: a function for each command that needs libtorch.
struct LearnWing {
  int (*train)(const TrainArguments&, const Invocation&);
  int (*estimate)(const EstimateArguments&, const Invocation&);
  int (*logits)(const LogitsArguments&, const Invocation&);
  int (*quickstart)(const QuickstartArguments&, const Invocation&);
  int (*lab)(const LabArguments&, const Invocation&);
  std::vector<base::Shelf> (*shelves)();  // the learn wing's catalogs
};

/// Becomes athanor-learn with the same arguments. Throws file_error where it, or a library it needs, is missing.
[[noreturn]] void start_learn(const Invocation& call);

/// Where athanor-learn must lie: beside this program.
std::filesystem::path learn_program();
/// Shared libraries that athanor-learn asks for and the loader does not find; empty where all is well.
std::vector<std::string> missing_libraries(const std::filesystem::path& program);

}  // namespace athanor::app
