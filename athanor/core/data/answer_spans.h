#pragma once
// Where the answers lie in a rendered dialogue.

#include <vector>

#include "athanor/core/base/json.h"
#include "athanor/core/text/chat_template.h"

namespace athanor::data {

/// Bytes of `whole` = chat.render(messages) that are answers of the assistant, from message `from` on. The template's own
/// {% generation %} marks where it has them; else the text before and after each answer is rendered and compared.
/// `last_only`: only the last answer. input_error where the template rewrites what came before, so that no comparison holds.
std::vector<text::templates::Span> answer_spans(const text::ChatTemplate& chat, const base::Json& messages,
                                                const text::ChatOptions& options, const text::ChatText& whole, size_t from,
                                                bool last_only);

}  // namespace athanor::data
