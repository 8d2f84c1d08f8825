#include "tests/run/generate/fuzz_constraint.h"

ATH_FUZZ_TARGET(gbnf) { athanor::generate::fuzz_constraint(athanor::generate::write_gbnf, input); }
