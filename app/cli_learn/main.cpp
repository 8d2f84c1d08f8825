#include "app/cli/program.h"
#include "app/cli_learn/learn_commands.h"

int main(int argc, char** argv) {
  using namespace athanor::app;
  const LearnWing wing = {train_command, estimate_command, logits_command, quickstart_command, lab_command, learn_shelves};
  return run_program(argc, argv, &wing);
}
