// athanor list: the catalogs of the rooms, as their rows say.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/learn_wing.h"
#include "app/cli/output.h"
#include "app/cli/table.h"
#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/data/source.h"
#include "athanor/core/models/family.h"
#include "athanor/core/text/catalog.h"
#include "athanor/run/eval/eval.h"
#include "athanor/run/generate/sampler.h"

namespace athanor::app {
namespace {

base::Shelf families_shelf() {
  base::Shelf shelf{"core/models", "families", {}};
  for (const models::Family& family : models::families()) shelf.entries.push_back(family);
  return shelf;
}

std::vector<base::Shelf> all_shelves(const LearnWing* learn) {
  std::vector<base::Shelf> shelves = text::shelves();
  shelves.push_back(families_shelf());
  const auto scalings = models::rope_scaling_entries();
  shelves.push_back({"core/models", "rope_scalings", {scalings.begin(), scalings.end()}});
  auto add = [&shelves](const std::vector<base::Shelf>& more) { shelves.insert(shelves.end(), more.begin(), more.end()); };
  add(data::shelves());
  add(generate::shelves());
  add(eval::shelves());
  if (learn != nullptr) add(learn->shelves());
  return shelves;
}

/// "run" and "run/generate" both choose run/generate.
bool chosen(const base::Shelf& shelf, const std::string& room) {
  std::string_view name = shelf.room;
  return room.empty() || name == room || (name.starts_with(room) && name[room.size()] == '/');
}

base::Json as_json(const base::Shelf& shelf) {
  base::Json rows = base::Json::array();
  for (const base::Entry& entry : shelf.entries)
    rows.push_back({{"name", entry.name}, {"sentence", entry.sentence}, {"paper", entry.paper}, {"file", entry.file}});
  return {{"room", shelf.room}, {"shelf", shelf.shelf}, {"entries", std::move(rows)}};
}

std::string as_text(const base::Shelf& shelf) {
  std::vector<std::vector<std::string>> rows;
  for (const base::Entry& entry : shelf.entries)
    rows.push_back(
        {base::cat("  ", entry.name), base::cat(entry.sentence, *entry.paper ? "  (" : "", entry.paper, *entry.paper ? ")" : "")});
  return base::cat(shelf.room, " ", shelf.shelf, "\n", text_table(rows), "\n");
}

int run(const std::string& room, bool json, const Invocation& call) {
  bool needs_learn = room.empty() || room.starts_with("learn") || room == "lab";
  if (call.learn == nullptr && needs_learn) {
    if (std::filesystem::exists(learn_program()) || !room.empty()) start_learn(call);
    base::log_warning("athanor-learn is not there: the learn wing's shelves are left out");
  }
  base::Json list = base::Json::array();
  std::string text, known;
  for (const base::Shelf& shelf : all_shelves(call.learn)) {
    if (known.find(shelf.room) == std::string::npos) known += (known.empty() ? "" : ", ") + std::string(shelf.room);
    if (!chosen(shelf, room)) continue;
    list.push_back(as_json(shelf));
    text += as_text(shelf);
  }
  if (list.empty()) base::input_error("cli.list", {"no such room", room, known});
  if (json)
    print_json({{"shelves", list}});
  else
    print(text);
  return 0;
}

}  // namespace

Run declare_list(Flags& flags) {
  struct Arguments {
    std::string room;
    bool json = false;
  };
  auto a = std::make_shared<Arguments>();
  flags.positional("ROOM", a->room, "core, run, learn, or one room: run/generate", false);
  flags.flag("--json", a->json, "one JSON object: shelves");
  return [a](const Invocation& call) { return run(a->room, a->json, call); };
}

}  // namespace athanor::app
