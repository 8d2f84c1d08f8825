#pragma once
// What a quickstart is going to do, and what it has done so far. Everything lies below one folder, so that it can go on where it
// stopped.

#include <filesystem>
#include <memory>
#include <string>

#include "app/cli/learn_wing.h"
#include "athanor/core/base/json.h"
#include "athanor/learn/train/recipe.h"

namespace athanor::app {

struct QuickstartPlan {
  std::filesystem::path out;  // the folder
  train::TrainRecipe recipe;  // paths below `out`
  std::string train_text, held_out;
  std::string prompt;  // what the samples continue
  bool bundled = true, quick = false;

  std::filesystem::path text_folder() const { return out / "text"; }
  std::filesystem::path tokenizer() const { return out / "tokenizer"; }
  std::filesystem::path model() const { return out / "model"; }
  std::filesystem::path questions() const { return out / "questions"; }
  std::filesystem::path tuned() const { return out / "tuned"; }
  std::filesystem::path lora() const { return out / "lora"; }
  std::filesystem::path report() const { return out / "report.html"; }
  int64_t vocab() const;
};

/// Reads corpus and recipe and checks everything that can be checked before work begins.
QuickstartPlan make_plan(const QuickstartArguments& arguments, const Everywhere& everywhere);

/// out/quickstart.json: the numbers of the stages that are done.
class QuickstartState {
 public:
  /// Makes the folder, or opens the one that the same plan began. input_error where it holds something else, unless `force`.
  QuickstartState(const QuickstartPlan& plan, bool force);
  ~QuickstartState();
  /// nullptr where that stage is not done.
  const base::Json* find(const char* stage) const;
  const base::Json& at(const char* stage) const;
  void set(const char* stage, const base::Json& numbers);

 private:
  std::filesystem::path file_;
  std::unique_ptr<base::Json> json_;
};

}  // namespace athanor::app
