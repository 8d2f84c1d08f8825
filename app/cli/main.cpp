#include "app/cli/program.h"

int main(int argc, char** argv) { return athanor::app::run_program(argc, argv, nullptr); }
