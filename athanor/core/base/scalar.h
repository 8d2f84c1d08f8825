#pragma once
// What an unquoted scalar of a Node means, by YAML 1.2's core rules. Private to base: node and options read scalars through it.

#include <cstdint>
#include <optional>

#include "athanor/core/base/node.h"

namespace athanor::base {

/// null, Null, NULL, ~ or nothing.
bool is_null(const Node& node);
/// true, True, TRUE, false, False, FALSE.
std::optional<bool> as_boolean(const Node& node);
/// 12, -3, 0x1f, 0o17; nullopt also where it does not fit 64 bits.
std::optional<int64_t> as_integer(const Node& node);
/// Integers too, 1e-4, .5, .inf, -.inf, .nan; nullopt also where a finite number overflows.
std::optional<double> as_number(const Node& node);

}  // namespace athanor::base
