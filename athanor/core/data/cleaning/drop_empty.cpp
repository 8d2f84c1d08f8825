// Leaves out documents that hold nothing but ASCII white space.

#include "athanor/core/data/cleaning.h"

namespace athanor::data {

CleaningStep make_drop_empty(const CleaningOptions&) {
  return [](std::string& text) {
    return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos ? Cleaned::kDropped : Cleaned::kSame;
  };
}

}  // namespace athanor::data
