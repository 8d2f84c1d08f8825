#include "app/cli_learn/learn_commands.h"
#include "athanor/learn/train/objective.h"

namespace athanor::app {

std::vector<base::Shelf> learn_shelves() { return train::shelves(); }

}  // namespace athanor::app
