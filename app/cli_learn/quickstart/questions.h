#pragma once
// Questions about a text with their answers, made from the text itself by rules: what a quickstart's model is tuned on.

#include <string>
#include <vector>

#include "app/cli_learn/quickstart/plan.h"

namespace athanor::app {

struct Question {
  std::string question, answer;
};

/// At most `most` questions in an order drawn from `seed`. Of a play (lines "NAME:" before speeches): who says a line, which line
/// follows, what somebody says first; of any other text: which words follow a passage.
std::vector<Question> questions_of(const std::string& text, size_t most, uint64_t seed);

/// A question's chat template: it asks and answers as people speak in a play.
extern const char* const kQuestionTemplate;

/// out/questions: train.jsonl from the training text, held-out.jsonl from the held-out text, chat.jinja.
base::Json write_questions(const QuickstartPlan& plan);
/// The held-out questions, read back.
std::vector<Question> held_out_questions(const QuickstartPlan& plan);

}  // namespace athanor::app
