#include "athanor/run/generate/constraints/json_formats.h"

// The 29th of February is left out: whether it exists depends on the year.
#define ATH_DATE                                                                                                                   \
  "[12][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]" \
  "))"
#define ATH_TIME "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
#define ATH_LABEL "[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?"
#define ATH_HOST ATH_LABEL "(?:\\." ATH_LABEL "){1,3}"
#define ATH_OCTET "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

namespace athanor::generate {

std::span<const JsonFormat> json_formats() {
  static constexpr JsonFormat kFormats[] = {
      {"date", ATH_DATE},
      {"time", ATH_TIME},
      {"date-time", ATH_DATE "T" ATH_TIME},
      {"duration", "P(?:[0-9]{1,4}[YMWD]|T[0-9]{1,4}[HMS])"},
      {"uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"},
      {"email", "[a-z0-9_+-]{1,32}(?:\\.[a-z0-9_+-]{1,32}){0,2}@" ATH_HOST},
      {"hostname", ATH_HOST},
      {"ipv4", ATH_OCTET "(?:\\." ATH_OCTET "){3}"},
      {"ipv6", "(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"},
      {"uri", "https?://" ATH_HOST "(?:/[A-Za-z0-9._~-]{0,64}){0,16}"},
  };
  return kFormats;
}

}  // namespace athanor::generate
