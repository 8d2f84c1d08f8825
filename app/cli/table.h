#pragma once

#include <string>
#include <vector>

namespace athanor::app {

/// Columns padded to the widest cell, two blanks between them; the first row is the title.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace athanor::app
