#pragma once
// Numbers as Python writes and reads them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace athanor::text::templates {

/// repr(float): 1.0, 0.1, 1e+16, inf, nan.
std::string float_text(double value);
/// int(text, base); nullopt where Python refuses it or it leaves 64 bits. Base 0 reads a prefix.
std::optional<int64_t> read_integer(std::string_view text, int base = 10);
/// float(text).
std::optional<double> read_float(std::string_view text);
/// A double towards zero; nullopt where it leaves 64 bits.
std::optional<int64_t> whole_of(double value);
/// round(value, digits): half to even, on the decimal that the double is.
double round_to(double value, int64_t digits);

}  // namespace athanor::text::templates
