#pragma once
// GGUF's keys -> config.json and generation_config.json, and a spec -> GGUF's keys. Internal to the room.

#include "athanor/core/checkpoint/gguf.h"
#include "athanor/core/checkpoint/gguf_write.h"
#include "athanor/core/models/gguf/architectures.h"

namespace athanor::models {

/// Of a file, while it lives.
GgufContents contents_of(const checkpoint::GgufFile& file);
/// Of a file to be written, while `metadata` (of writer.keys()) and the writer live.
GgufContents contents_of(const checkpoint::GgufWriter& writer, const checkpoint::GgufMetadata& metadata);
/// The row of general.architecture; input_error that lists the known ones.
const GgufArchitecture& architecture_of(const GgufContents& file);
/// The row of a family; input_error where GGUF does not know it.
const GgufArchitecture& architecture_of(const Family& family);

base::Json config_of_gguf(const GgufContents& file, const GgufArchitecture& architecture);
/// Token ids that begin, end and pad, as transformers' generate wants them.
base::Json generation_config_of_gguf(const checkpoint::GgufMetadata& metadata);
void write_keys(const DecoderSpec& spec, const GgufArchitecture& architecture, checkpoint::GgufWriter& writer);

}  // namespace athanor::models
