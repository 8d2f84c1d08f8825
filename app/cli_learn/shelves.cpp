#include "app/cli_learn/learn_commands.h"
#include "athanor/learn/adapters/catalog.h"
#include "athanor/learn/train/objective.h"
#include "lab/experiment.h"

namespace athanor::app {

std::vector<base::Shelf> learn_shelves() {
  std::vector<base::Shelf> shelves = adapters::shelves();
  for (base::Shelf& shelf : train::shelves()) shelves.push_back(std::move(shelf));
  for (base::Shelf& shelf : lab::shelves()) shelves.push_back(std::move(shelf));
  return shelves;
}

}  // namespace athanor::app
