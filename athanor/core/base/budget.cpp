#include "athanor/core/base/budget.h"

#include "athanor/core/base/error.h"

namespace athanor::base {

void Fuel::exhausted() const { input_error(where_, {"this needs more steps than are allowed"}); }

void Deadline::check() const {
  if (passed()) input_error(where_, {"this takes longer than is allowed"});
}

}  // namespace athanor::base
