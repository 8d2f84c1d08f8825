#include "app/cli_learn/quickstart/plan.h"

#include <nlohmann/json.hpp>

#include "app/cli/share.h"
#include "app/cli_learn/recipe_tree.h"
#include "athanor/core/base/atomic_file.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/hash.h"
#include "athanor/core/base/mapped_file.h"
#include "athanor/core/base/node.h"

namespace athanor::app {
namespace {

namespace fs = std::filesystem;

fs::path bundled(const char* name) {
  fs::path file = share_file(name);
  if (file.empty())
    base::file_error("cli.quickstart", {base::cat(name, " is not found"), "", "it beside the program", "athanor doctor"});
  return file;
}

/// The recipe with the settings of the command line and the folder's paths.
train::TrainRecipe recipe_of(const QuickstartArguments& a, const Everywhere& everywhere, const fs::path& out) {
  fs::path file =
      a.recipe.empty() ? bundled(a.quick ? "recipes/quickstart-quick.yaml" : "recipes/quickstart.yaml") : fs::path(a.recipe);
  train::TrainRecipe recipe = train::read_recipe(recipe_tree(file, a.settings, everywhere));
  recipe.tokenizer = (out / "tokenizer").string();
  recipe.data.train = {(out / "text/train.txt").string()};
  recipe.data.eval = {(out / "text/held-out.txt").string()};
  recipe.data.holdout = 0;
  recipe.out = (out / "model").string();
  recipe.train.seed = a.seed;
  if (a.minutes > 0) recipe.train.time_limit_s = a.minutes * 60;
  return recipe;
}

/// The first byte of the last tenth, moved on to the beginning of a character.
size_t held_out_begin(const std::string& text) {
  size_t at = text.size() * 9 / 10;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

/// A few words of the text itself.
std::string first_words(const std::string& text) {
  size_t begin = std::min(text.find('\n') + 1, text.size()), end = begin;
  while (end < text.size() && (end - begin < 20 || text[end] != ' ')) ++end;
  return text.substr(begin, end - begin);
}

}  // namespace

int64_t QuickstartPlan::vocab() const {
  const base::Node* vocab = recipe.model.find("vocab_size");
  int64_t size = vocab == nullptr ? 0 : std::atoll(vocab->scalar.c_str());
  if (size < 300 || size > 100'000)
    base::input_error("cli.quickstart",
                      {"model.vocab_size is what the tokenizer is trained to", vocab ? vocab->scalar : "none", "300 to 100000"});
  return size;
}

QuickstartPlan make_plan(const QuickstartArguments& a, const Everywhere& everywhere) {
  QuickstartPlan plan;
  plan.out = a.out;
  plan.recipe = recipe_of(a, everywhere, plan.out);
  plan.vocab();
  plan.bundled = a.corpus.empty(), plan.quick = a.quick;
  std::string text = base::read_text_file(plan.bundled ? bundled("assets/corpus/tinyshakespeare.txt") : fs::path(a.corpus));
  if (text.size() < 20'000)
    base::input_error("cli.quickstart",
                      {"the corpus is too short to learn from", base::cat(text.size(), " bytes"), "at least 20000"});
  size_t cut = held_out_begin(text);
  plan.train_text = text.substr(0, cut);
  plan.held_out = text.substr(cut);
  plan.prompt = plan.bundled ? "ROMEO:\n" : first_words(plan.held_out);
  return plan;
}

QuickstartState::QuickstartState(const QuickstartPlan& plan, bool force)
    : file_(plan.out / "quickstart.json"), json_(std::make_unique<base::Json>(base::Json::object())) {
  train::TrainRecipe free = plan.recipe;  // what may differ between two calls that are one run
  free.train.threads = 0, free.train.time_limit_s = 0;
  std::string key = base::hash_hex(base::hash64(train::recipe_to_yaml(free), base::hash64(plan.train_text)));
  if (force) fs::remove_all(plan.out);
  if (fs::exists(file_)) {
    *json_ = base::read_json_file(file_, "cli.quickstart");
    if (json_->value("key", "") != key)
      base::input_error("cli.quickstart", {"the folder holds a quickstart with other settings", plan.out.string(), "",
                                           "another --out, or --force to begin anew"});
    return;
  }
  if (fs::exists(plan.out) && !fs::is_empty(plan.out))
    base::input_error("cli.quickstart",
                      {"the folder is not empty", plan.out.string(), "", "another --out, or --force to remove what is there"});
  set("key", key);
}

QuickstartState::~QuickstartState() = default;

const base::Json* QuickstartState::find(const char* stage) const {
  auto found = json_->find(stage);
  return found == json_->end() ? nullptr : &*found;
}

const base::Json& QuickstartState::at(const char* stage) const {
  const base::Json* found = find(stage);
  base::expect(found != nullptr, "cli.quickstart", "a stage is asked for that was not done");
  return *found;
}

void QuickstartState::set(const char* stage, const base::Json& numbers) {
  (*json_)[stage] = numbers;
  fs::create_directories(file_.parent_path());
  base::write_file(file_, json_->dump(1) + "\n");
}

}  // namespace athanor::app
