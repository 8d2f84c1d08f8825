#pragma once
// Where a run stands: everything of a checkpoint that is not an array. trainer_state.json has Hugging Face's keys, so that scripts
// that plot log_history work, and ours under "athanor".

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "athanor/core/base/node.h"

namespace athanor::train {

/// One line of train.log: a logged step, or an evaluation.
struct LogEntry {
  int64_t step = 0;  // steps done
  double epoch = 0;
  struct Training {
    double loss, lr, grad_norm, tokens_per_second;  // loss: mean over the steps since the entry before
  };
  struct HeldOut {
    double loss, bits_per_byte, seconds;  // bits_per_byte: NaN where no text is predicted
    std::vector<std::pair<std::string, double>> metrics;
  };
  std::optional<Training> training;
  std::optional<HeldOut> held_out;
};

struct TrainerState {
  int64_t step = 0;     // steps done, bad ones included
  int64_t updates = 0;  // steps that changed the weights
  int64_t skipped = 0, bad_in_a_row = 0;
  double elapsed_s = 0;    // of training, over all starts of the run
  double window_loss = 0;  // sum over the steps since the last log entry
  int64_t window_steps = 0;
  std::optional<double> best_loss;
  int64_t best_step = 0;
  bool finished = false;
  std::string data_key;
  base::Node recipe;
  std::vector<LogEntry> log;
};

/// One JSON object without a newline, as train.log holds it.
std::string log_line(const LogEntry& entry);

void save_state(const TrainerState& state, int64_t max_steps, const std::filesystem::path& file);
/// file_error where the file is broken.
TrainerState load_state(const std::filesystem::path& file);

}  // namespace athanor::train
