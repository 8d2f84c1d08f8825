#pragma once
// A file's tensors under Hugging Face's names, in the layout that a DecoderModel without transposed matrices expects. Internal to
// the room.

#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/models/gguf/rows.h"

namespace athanor::models {

/// Views into the file where rows lie as they should (experts are slices of their stack, q, k and v of a fused matrix), `made`
/// elsewhere. Tensors that are nobody's keep their names, at the end. file_error where one is missing or has the wrong shape.
std::vector<checkpoint::NamedArray> renamed_arrays(const checkpoint::GgufFile& file, const GgufArchitecture& architecture,
                                                   const DecoderModel& decoder, MadeArrays& made);

}  // namespace athanor::models
