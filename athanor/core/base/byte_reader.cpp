#include "athanor/core/base/byte_reader.h"

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"

namespace athanor::base {

std::span<const std::byte> ByteReader::take(uint64_t n, std::string_view what) {
  if (n > remaining()) {
    file_error(where_,
               {cat(file_, " ends inside ", what, " at byte ", position_), cat(remaining(), " bytes left"), cat(n, " bytes")});
  }
  auto taken = bytes_.subspan(position_, n);
  position_ += n;
  return taken;
}

}  // namespace athanor::base
