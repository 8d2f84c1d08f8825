#include "athanor/learn/train/loop.h"

#include <ATen/ops/full.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/base/log.h"
#include "athanor/core/base/memory.h"
#include "athanor/core/base/stop.h"
#include "athanor/core/checkpoint/safetensors.h"
#include "athanor/learn/train/gradients.h"
#include "athanor/learn/train/memory_guard.h"
#include "athanor/learn/train/reductions.h"
#include "athanor/learn/train/run_log.h"
#include "athanor/learn/train/saver.h"
#include "athanor/learn/train/schedule.h"

namespace athanor::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kMostBadSteps = 5;   // in a row
constexpr double kClipEpsilon = 1e-6;  // torch.nn.utils.clip_grad_norm_'s

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// What one step came to.
struct StepNumbers {
  double loss = 0, grad_norm = 0, lr = 0;
  int64_t targets = 0, tokens = 0;
  bool finite() const { return std::isfinite(loss) && std::isfinite(grad_norm); }
};

class Loop {
 public:
  Loop(const LoopParts& parts, const std::optional<std::filesystem::path>& start)
      : parts_(parts),
        options_(parts.recipe.train),
        schedule_(base::find_row(schedules(), options_.schedule, "train.schedule")),
        optimizer_(base::find_row(optimizers(), options_.optimizer, "train.optimizer").make(parts.weights, options_)),
        gradients_(parts.weights, options_.accumulation > 1),
        saver_(parts, *optimizer_),
        memory_(options_.memory_limit) {
    if (options_.ema > 0) saver_.average.emplace(parts.weights, options_.ema);
    if (start) state_ = saver_.load(*start);
    state_.data_key = parts.data_key;
    TrainRecipe recipe = parts.recipe;
    state_.recipe = base::options_to_node(base::visit_of(recipe));
    earlier_s_ = state_.elapsed_s;
    samples_ = !options_.sample_prompts.empty() && parts.write_samples;
  }

  TrainResult run() {
    const bool time_is_up = timed() && state_.elapsed_s >= options_.time_limit_s;
    if (state_.finished && (state_.step >= options_.steps || time_is_up || out_of_patience())) return result("already finished");
    state_.finished = false;
    log_ = std::make_unique<RunLog>(RunLogOptions{parts_.folder.path(), parts_.recipe.stage, recipe_to_yaml(parts_.recipe),
                                                  options_.steps, parts_.hooks.progress, parts_.hooks.history},
                                    state_);
    try {
      return train();
    } catch (...) {
      log_->finish(end_, base::cat(end_, " at step ", state_.step));
      throw;
    }
  }

 private:
  TrainResult train() {
    if (samples_ && state_.step == 0) before_ = write_samples();
    start_ = Clock::now();
    while (!over()) {
      try {
        after_step(step());
      } catch (const std::exception& error) {
        const auto* tight = dynamic_cast<const MemoryIsTight*>(&error);
        if (!tight && !base::is_out_of_memory(error)) throw;
        end_for_memory(tight ? tight->what() : "memory is out");
      }
      if (base::stop_requested() && !over()) {
        if (saved_step_ != state_.step) save();
        log_->finish("stopped", base::cat("stopped after step ", state_.step, "; --resume goes on"));
        return result("stopped");
      }
    }
    return finish();
  }

  /// Saves the last whole step where that is possible. A step that was interrupted while its weights changed is none.
  [[noreturn]] void end_for_memory(const std::string& what) {
    gradients_.drop();
    try {
      if (weights_whole_ && state_.step > 0 && saved_step_ != state_.step) save();
    } catch (const std::exception& error) {
      base::log_warning(base::cat("the last step could not be saved: ", error.what()));
    }
    end_ = "stopped";
    const std::vector<int64_t> saved = parts_.folder.checkpoints();
    const std::string way = "a smaller train.batch with more train.accumulation, or train.activation_checkpointing=true";
    base::input_error("train.memory", {base::cat(what, " at step ", state_.step), "", "",
                                       saved.empty() ? way + "; nothing was saved yet"
                                                     : base::cat(way, "; --resume goes on from ",
                                                                 parts_.folder.checkpoint(saved.back()).string())});
  }

  double elapsed() const { return earlier_s_ + seconds_since(start_); }
  bool timed() const { return options_.time_limit_s > 0; }
  bool over() const {
    return state_.step >= options_.steps || (timed() && elapsed() >= options_.time_limit_s) || out_of_patience();
  }
  bool out_of_patience() const {
    const auto in_vain = std::count_if(state_.log.begin(), state_.log.end(),
                                       [&](const LogEntry& entry) { return entry.held_out && entry.step > state_.best_step; });
    return options_.patience > 0 && state_.best_loss && in_vain >= options_.patience;
  }

  double learning_rate() const {
    const auto steps = static_cast<double>(options_.steps), done = static_cast<double>(state_.step);
    RunPosition position{done, done / steps, (done + 1) / steps};
    if (timed()) {
      const double part = elapsed() / options_.time_limit_s;
      const double one = state_.step > 0 ? part / done : 0;
      if (part > position.fraction) position.fraction = part, position.next = std::min(1.0, part + one);
    }
    return options_.lr * learning_rate_factor(schedule_, {options_.warmup, options_.min_lr, options_.decay}, position);
  }

  StepNumbers step() {
    const Clock::time_point begin = Clock::now();
    StepNumbers numbers;
    std::vector<Work> works;
    for (int64_t k = 0; k < options_.accumulation; ++k) {
      works.push_back(parts_.objective.work(state_.step * options_.accumulation + k));
      numbers.targets += works.back().targets, numbers.tokens += works.back().tokens;
    }
    numbers.lr = learning_rate();
    if (numbers.targets > 0) learn(works, numbers);
    ++state_.step;
    step_seconds_ = seconds_since(begin);
    return numbers;
  }

  /// Forward, backward, update. The loss is the mean over the targets of all micro-batches together.
  void learn(const std::vector<Work>& works, StepNumbers& numbers) {
    const auto targets = static_cast<double>(numbers.targets);
    for (const Work& work : works) {
      if (work.targets == 0) continue;
      at::Tensor loss = work.loss();
      memory_.look();
      numbers.loss += loss.item<double>() / targets;
      loss.backward(at::full({}, 1 / targets, loss.options().requires_grad(false)));
      gradients_.collect();
    }
    if (parts_.regularizer) parts_.regularizer->add_to(gradients_.tensors());
    numbers.grad_norm = gradients_.norm();
    if (numbers.finite()) {
      const double scale = options_.clip > 0 ? std::min(1.0, options_.clip / (numbers.grad_norm + kClipEpsilon)) : 1.0;
      weights_whole_ = false;
      optimizer_->update(gradients_.tensors(), {numbers.lr, scale, ++state_.updates});
      if (saver_.average) saver_.average->update(parts_.weights, state_.updates);
      weights_whole_ = true;
    }
    gradients_.clear();
  }

  void after_step(const StepNumbers& numbers) {
    if (numbers.finite()) {
      state_.bad_in_a_row = 0;
      state_.window_loss += numbers.loss, ++state_.window_steps;
    } else {
      count_bad_step(numbers);
    }
    window_tokens_ += numbers.tokens, window_seconds_ += step_seconds_;
    tokens_ += numbers.tokens, compute_seconds_ += step_seconds_, ++steps_now_;
    state_.elapsed_s = elapsed();
    LogEntry::Training now{numbers.loss, numbers.lr, numbers.grad_norm, static_cast<double>(window_tokens_) / window_seconds_};
    log_->progress(state_, now, left_seconds());
    if (state_.step % options_.log_every == 0 || over()) log_training(now);
    if (options_.eval_every > 0 && state_.step % options_.eval_every == 0 && !over()) evaluate();
    const bool between = options_.sample_every > 0 && state_.step % options_.sample_every == 0;
    if (samples_ && (between || over())) after_ = write_samples();
    if (options_.save_every > 0 && state_.step % options_.save_every == 0) save();
  }

  void count_bad_step(const StepNumbers& numbers) {
    ++state_.skipped, ++state_.bad_in_a_row;
    const char* what = std::isfinite(numbers.loss) ? "gradient" : "loss";
    base::log_warning(base::cat("step ", state_.step, " is left out: its ", what, " is not finite"));
    if (state_.bad_in_a_row < kMostBadSteps && options_.on_nonfinite == "skip") return;
    std::vector<int64_t> saved = parts_.folder.checkpoints();
    base::input_error("train.loop",
                      {base::cat(what, std::string(" is not finite in "), state_.bad_in_a_row, " steps up to step ", state_.step),
                       base::cat("lr ", numbers.lr), "",
                       base::cat("a lower train.lr or longer train.warmup; the last checkpoint is ",
                                 saved.empty() ? std::string("none") : parts_.folder.checkpoint(saved.back()).string())});
  }

  double left_seconds() const {
    const double per_step = compute_seconds_ / static_cast<double>(steps_now_);
    const double by_steps = per_step * static_cast<double>(options_.steps - state_.step);
    return timed() ? std::min(by_steps, options_.time_limit_s - elapsed()) : by_steps;
  }

  double epoch() const { return static_cast<double>(state_.step * options_.accumulation) * parts_.objective.epochs_per_batch(); }

  void add_entry(const LogEntry& entry) {
    state_.log.push_back(entry);
    log_->add(entry, state_.elapsed_s);
    if (parts_.hooks.on_log) parts_.hooks.on_log(entry);
  }

  void log_training(LogEntry::Training numbers) {
    if (state_.window_steps > 0) numbers.loss = state_.window_loss / static_cast<double>(state_.window_steps);
    LogEntry entry{state_.step, epoch(), numbers, {}};
    state_.window_loss = 0, state_.window_steps = 0;
    window_tokens_ = 0, window_seconds_ = 0;
    add_entry(entry);
  }

  /// The loss over the held-out text, of the averaged weights where there are some.
  std::optional<Evaluation> evaluate() {
    const Clock::time_point begin = Clock::now();
    std::optional<Evaluation> held_out;
    {
      std::optional<BorrowedWeights> borrowed;
      if (saver_.average) borrowed.emplace(parts_.weights, saver_.average->values());
      held_out = parts_.objective.evaluate();
    }
    if (!held_out) return held_out;
    const double bits = held_out->bytes > 0 ? held_out->bits_per_byte() : std::nan("");
    LogEntry entry{state_.step, epoch(), {}, LogEntry::HeldOut{held_out->loss(), bits, seconds_since(begin), held_out->metrics}};
    add_entry(entry);
    if (!held_out->table.empty()) log_->add_samples(state_.step, {"held-out labels"}, {held_out->table});
    if (std::isfinite(held_out->loss()) && (!state_.best_loss || held_out->loss() < *state_.best_loss)) {
      state_.best_loss = held_out->loss(), state_.best_step = state_.step;
      if (options_.keep_best) saver_.save_best();
    }
    last_evaluation_ = held_out;
    return held_out;
  }

  /// Of the averaged weights where there are some. A model that the engine cannot run is no reason to end.
  std::vector<std::string> write_samples() {
    try {
      std::optional<BorrowedWeights> borrowed;
      if (saver_.average) borrowed.emplace(parts_.weights, saver_.average->values());
      std::vector<std::string> texts = parts_.write_samples();
      log_->add_samples(state_.step, options_.sample_prompts, texts);
      return texts;
    } catch (const base::Error& error) {
      base::log_warning(base::cat("no samples are written: ", error.what()));
      samples_ = false;
      return {};
    }
  }

  void save() {
    saver_.save(state_);
    saved_step_ = state_.step;
  }

  TrainResult finish() {
    const bool just_evaluated = !state_.log.empty() && state_.log.back().held_out && state_.log.back().step == state_.step;
    std::optional<Evaluation> held_out = just_evaluated && last_evaluation_ ? last_evaluation_ : evaluate();
    // The model first: a checkpoint that says "finished" means that the model is there, however soon after the process is killed.
    saver_.save_final(options_.keep_best && state_.best_step != state_.step && state_.best_loss.has_value());
    state_.finished = true;
    state_.elapsed_s = elapsed();
    save();
    std::string line = base::cat("finished ", state_.step, " steps in ", clock_text(state_.elapsed_s));
    if (held_out) line += ", " + held_out->text();
    log_->finish("finished", line);
    return result("finished");
  }

  TrainResult result(const char* end) const {
    TrainResult result{end,        state_.step, steps_now_, state_.skipped, state_.elapsed_s, 0, last_evaluation_,
                       state_.log, {},          before_,    after_};
    if (compute_seconds_ > 0) result.tokens_per_second = static_cast<double>(tokens_) / compute_seconds_;
    return result;
  }

  const LoopParts& parts_;
  const TrainOptions& options_;
  const Schedule& schedule_;
  std::unique_ptr<Optimizer> optimizer_;
  Gradients gradients_;
  Saver saver_;
  MemoryWatch memory_;
  std::unique_ptr<RunLog> log_;
  TrainerState state_;
  Clock::time_point start_;
  double earlier_s_ = 0, step_seconds_ = 0, window_seconds_ = 0, compute_seconds_ = 0;
  int64_t window_tokens_ = 0, tokens_ = 0, steps_now_ = 0, saved_step_ = -1;
  std::optional<Evaluation> last_evaluation_;
  std::vector<std::string> before_, after_;  // what the model wrote
  bool samples_ = false, weights_whole_ = true;
  const char* end_ = "failed";
};

}  // namespace

TrainResult run_loop(const LoopParts& parts, const std::optional<std::filesystem::path>& start) { return Loop(parts, start).run(); }

}  // namespace athanor::train
