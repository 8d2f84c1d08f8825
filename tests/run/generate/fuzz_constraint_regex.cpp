#include "tests/run/generate/fuzz_constraint.h"

ATH_FUZZ_TARGET(constraint_regex) { athanor::generate::fuzz_constraint(athanor::generate::write_regex, input); }
