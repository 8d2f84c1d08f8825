#include "tests/run/generate/fuzz_constraint.h"

ATH_FUZZ_TARGET(json_schema) { athanor::generate::fuzz_constraint(athanor::generate::write_json_schema, input); }
