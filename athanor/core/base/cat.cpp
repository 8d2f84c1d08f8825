#include "athanor/core/base/cat.h"

#include <cmath>
#include <cstdio>

namespace athanor::base {

std::string fixed(double value, int decimals) {
  char buffer[400];  // the longest double has 309 digits before the point
  int n = std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return {buffer, static_cast<size_t>(n)};
}

namespace {

std::string scaled(double value, double base, const char* const* units, int count) {
  int unit = 0;
  while (std::abs(value) >= base && unit + 1 < count) value /= base, ++unit;
  return fixed(value, unit == 0 ? 0 : 1) + units[unit];
}

}  // namespace

std::string human_bytes(double bytes) {
  static const char* const kUnits[] = {" B", " KiB", " MiB", " GiB", " TiB"};
  return scaled(bytes, 1024, kUnits, 5);
}

std::string human_count(double count) {
  static const char* const kUnits[] = {"", "k", "M", "G", "T"};
  return scaled(count, 1000, kUnits, 5);
}

}  // namespace athanor::base
