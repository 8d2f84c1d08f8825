#pragma once
// Adapters as the command line names them: FOLDER, or FOLDER=0.5 with a weight.

#include <string>
#include <vector>

#include "athanor/core/models/virtual_tokens.h"

namespace athanor::app {

struct AdapterArgument {
  std::string folder;
  double weight = 1;
};
/// A folder that exists under the whole text is that folder, whatever its name holds.
AdapterArgument parse_adapter(const std::string& text);

/// Where an adapter makes a classifier of a language model (its folder's config.json names the labels), the base's config.json
/// becomes that classifier's. Whether it did.
bool take_labels(base::Json& config, const std::vector<std::string>& adapters);

/// The weights with every adapter merged in, one after the other. An adapter of virtual tokens, of which there may be one, is read
/// into `virtual_tokens` instead; where that is null, it is an input_error.
checkpoint::Checkpoint with_adapters(const models::DecoderModel& model, checkpoint::Checkpoint weights,
                                     const std::vector<std::string>& adapters, models::VirtualTokens* virtual_tokens = nullptr);

}  // namespace athanor::app
