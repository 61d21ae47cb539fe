#include "gpt/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "gpt/core/error.h"
#include "gpt/head/language_model_head.h"
#include "gpt/io/file_system.h"
#include "gpt/model/decoder.h"
#include "gpt/ops/loss.h"
#include "gpt/ops/norm.h"
#include "gpt/tensor/parallel.h"
#include "gpt/train/features.h"
#include "train/best.h"
#include "train/checkpoint.h"
#include "train/optimizer.h"
#include "train/order.h"
#include "train/schedule.h"

namespace gpt {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check(const TrainOptions& o, std::size_t examples) {
  const auto positive = [](const char* name, double value) {
    if (!(value > 0) || !std::isfinite(value))
      fail(ErrorCode::invalid_option, "{} must be a positive number, not {}", name, value);
  };
  const auto not_negative = [](const char* name, double value) {
    if (!(value >= 0) || !std::isfinite(value))
      fail(ErrorCode::invalid_option, "{} must be 0 or more, not {}", name, value);
  };
  if (examples == 0) fail(ErrorCode::invalid_option, "there is nothing to train on: no example was left");
  positive("the learning rate", o.learning_rate);
  if (o.max_batch_tokens <= 0 || o.batch_size != 0) positive("the batch size", static_cast<double>(o.batch_size));
  not_negative("the number of tokens in a pass", static_cast<double>(o.max_batch_tokens));
  not_negative("the number of tokens whose activations are held", static_cast<double>(o.max_activation_tokens));
  positive("the number of accumulation steps", static_cast<double>(o.accumulation));
  if (o.max_steps <= 0) positive("the number of epochs", o.epochs);
  const auto decay = [](const char* name, double value) {
    if (!(value >= 0 && value < 1))
      fail(ErrorCode::invalid_option, "{} must be at least 0 and below 1, not {}", name, value);
  };
  decay("beta1", o.beta1);
  decay("beta2", o.beta2);
  not_negative("epsilon", o.epsilon);
  not_negative("the weight decay", o.weight_decay);
  not_negative("the largest gradient norm", o.max_grad_norm);
  not_negative("the weight of the language-model loss", o.lm_coefficient);
  not_negative("the patience", static_cast<double>(o.early_stopping_patience));
  not_negative("the threshold of the patience", o.early_stopping_threshold);
  not_negative("the number of warm-up steps", static_cast<double>(o.warmup_steps));
  if (!(o.warmup_ratio >= 0 && o.warmup_ratio <= 1))
    fail(ErrorCode::invalid_option, "the warm-up ratio must be between 0 and 1, not {}", o.warmup_ratio);
  if (!(o.min_rate >= 0 && o.min_rate <= 1))
    fail(ErrorCode::invalid_option, "the smallest share of the learning rate must be between 0 and 1, not {}",
         o.min_rate);
}

TrainPlan plan(Order& order, std::size_t examples, std::int64_t first_step) {
  const Order::Largest largest = order.largest();
  return {static_cast<std::int64_t>(examples),
          order.steps(),
          order.steps_per_epoch(),
          first_step,
          largest.part,
          largest.parts};
}

class Run {
 public:
  Run(Decoder& decoder, Head& head, const ExampleSource& examples, const TrainOptions& options,
      const std::filesystem::path& checkpoints, const TrainHooks& hooks, const Features* features)
      : decoder_(decoder),
        head_(head),
        examples_(examples),
        options_(options),
        checkpoints_(checkpoints),
        hooks_(hooks),
        features_(features),
        order_(examples, options),
        optimizer_(trainable(decoder, head), options, decoder.has_lora() ? &decoder.token_embedding() : nullptr,
                   decoder.first_new_token()),
        identity_(run_identity(options, examples, decoder, weights(decoder, head), features != nullptr)) {
    const std::vector<Parameter*> all = decoder.parameters();
    frozen_ = std::none_of(all.begin(), all.end(), [](const Parameter* p) { return p->trainable; });
    if (frozen_ && options.lm_coefficient > 0)
      fail(ErrorCode::invalid_option,
           "an auxiliary language-model loss has nothing to train where only the head is trained; tune adapters or all "
           "weights, or set its weight to 0");
    if (features != nullptr && !frozen_)
      fail(ErrorCode::invalid_option, "states are kept of a decoder that is being trained");
    const bool follows = options.load_best || options.save_best || options.early_stopping_patience > 0;
    if (follows && !hooks.evaluate)
      fail(ErrorCode::invalid_option, "the best weights and early stopping need evaluations on the way");
  }

  TrainResult run(const std::filesystem::path& resume) {
    if (!resume.empty()) {
      load_checkpoint(resume, optimizer_, history_, identity_);
      round_halves();
    }
    total_ = order_.steps();
    if (!resume.empty()) check_length(resume);
    if (hooks_.started) hooks_.started(plan(order_, examples_.size(), optimizer_.steps()));
    if (!history_.records.empty()) evaluate(history_.records.back());  // where it was interrupted
    while (!done() && !result_.stopped) {
      const Clock::time_point start = Clock::now();
      history_.records.push_back(step());
      result_.seconds += seconds_since(start);
      after(history_.records.back());
    }
    return finish();
  }

 private:
  /// A checkpoint of Schedule::stable may belong to a run of another length, but not from within its decay.
  void check_length(const std::filesystem::path& checkpoint) const {
    if (optimizer_.steps() > total_)
      fail(ErrorCode::mismatch, "{}: this checkpoint has {} steps, the run ends after {}", checkpoint.string(),
           optimizer_.steps(), total_);
    if (history_.records.empty()) return;
    const StepRecord& last = history_.records.back();
    if (const double rate = learning_rate(options_, last.step - 1, total_); rate != last.learning_rate)
      fail(ErrorCode::mismatch,
           "{}: its last step had learning rate {}, in a run of {} steps it is {}; name a checkpoint from before the "
           "decay, or the number of steps it was made with",
           checkpoint.string(), last.learning_rate, total_, rate);
  }

  static std::vector<Parameter*> weights(const Decoder& decoder, Head& head) {
    std::vector<Parameter*> all = decoder.parameters();
    for (Parameter* p : head.parameters()) all.push_back(p);
    return all;
  }

  static std::vector<Parameter*> trainable(const Decoder& decoder, Head& head) {
    std::vector<Parameter*> some;
    for (Parameter* p : weights(decoder, head))
      if (p->trainable) some.push_back(p);
    if (some.empty()) fail(ErrorCode::invalid_option, "no weight is trainable");
    return some;
  }

  /// After weights were read: what products in bfloat16 see of them.
  void round_halves() {
    for (Parameter* p : weights(decoder_, head_))
      if (!p->half.empty()) p->round_half();
  }

  /// What the sums of a pass are multiplied with: 1 / what all passes of the step are divided by, so that a step is the
  /// same in however many passes, of whatever lengths.
  struct Scales {
    float task = 0, language_model = 0;
  };

  Scales scales(const std::vector<Batch>& batches) const {
    std::int64_t tokens = 0;
    double divisor = 0;
    for (const Batch& batch : batches) {
      divisor += head_.loss_divisor(batch);
      if (options_.lm_coefficient <= 0) continue;
      const std::vector<std::int32_t> next = next_tokens(batch);
      tokens += static_cast<std::int64_t>(next.size()) - std::count(next.begin(), next.end(), -1);
    }
    return {divisor > 0 ? static_cast<float>(1 / divisor) : 1.0F,
            static_cast<float>(options_.lm_coefficient / static_cast<double>(std::max<std::int64_t>(1, tokens)))};
  }

  Hidden states(Tape& tape, const Batch& batch, std::span<const std::uint32_t> indices) {
    if (features_ != nullptr) return features_->hidden(tape, indices);
    const StateRows rows = rows_read(head_, options_);
    if (!frozen_) return decoder_.forward(tape, batch, rows);
    Tape still(arena_, false);  // nothing to go back to: no dropout, nothing kept
    return {tape.variable(decoder_.forward(still, batch, rows).states.value(), false)};
  }

  Variable loss(const Hidden& hidden, const Batch& batch, const Scales& scale) {
    const Variable outputs = head_.forward(hidden, batch);
    const Variable task = head_.loss(outputs, batch, scale.task);
    if (options_.lm_coefficient <= 0) return task;
    return add(task, projected_cross_entropy(hidden.states, decoder_.output_projection(), next_tokens(batch),
                                             scale.language_model));
  }

  /// What is worked through at once; `random` tells its dropout from that of all others.
  struct Part {
    std::span<const std::uint32_t> indices;
    std::uint64_t random;
  };

  std::vector<Part> parts(std::int64_t step) {
    std::vector<Part> all;
    auto pass = static_cast<std::uint64_t>(step * options_.accumulation);
    for (const auto& indices : order_.passes(step)) {
      std::uint64_t part = 0;
      for (const auto& some : order_.parts(indices)) all.push_back({some, pass | part++ << 40});
      ++pass;
    }
    return all;
  }

  /// tokens -> decoder -> head -> loss -> backward -> clip -> update.
  StepRecord step() {
    const std::int64_t index = optimizer_.steps();
    const std::vector<Part> all = parts(index);
    std::vector<Batch> batches;
    for (const Part& part : all) batches.push_back(pack(examples_, part.indices));
    const Scales scale = scales(batches);

    if (batches.size() > 1) optimizer_.take_grads(arena_);
    double sum = 0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      Tape tape(arena_, true, options_.seed, all[i].random);
      const Variable part = loss(states(tape, batches[i], all[i].indices), batches[i], scale);
      tape.backward(part);
      sum += static_cast<double>(part.value().data()[0]);
      for (const std::uint32_t e : all[i].indices) result_.tokens += examples_.length(e);
    }
    const double norm = optimizer_.grad_norm();
    check_finite(index + 1, sum, norm);
    const double rate = learning_rate(options_, index, total_);
    const double limit = options_.max_grad_norm;
    optimizer_.step(rate, limit > 0 && norm > limit ? limit / (norm + 1e-6) : 1.0);
    optimizer_.zero_grad();
    return {index + 1, order_.epochs_after(index + 1), sum, rate, norm};
  }

  void check_finite(std::int64_t step, double loss, double norm) const {
    if (std::isfinite(loss) && std::isfinite(norm)) return;
    fail(ErrorCode::diverged,
         "step {}: the loss is {} and the gradient norm {}; training stopped before the weights took it. Try a "
         "smaller learning rate{}",
         step, loss, norm, last_saved_.empty() ? std::string() : ", or resume from " + last_saved_.string());
  }

  bool done() const { return optimizer_.steps() >= total_ || patience_is_over(history_.evaluations, options_); }

  /// After this step, if it is time to and it was not done before.
  void evaluate(const StepRecord& record) {
    if (!hooks_.evaluate) return;
    const bool last = record.step == total_;
    const bool due = options_.eval_steps > 0 ? record.step % options_.eval_steps == 0 : order_.ends_epoch(record.step);
    const bool known = !history_.evaluations.empty() && history_.evaluations.back().step == record.step;
    if (known || (last ? !options_.load_best : !due)) return;
    arena_.give_back();
    if (std::optional<EvalRecord> evaluation = hooks_.evaluate(record))
      history_.evaluations.push_back(std::move(*evaluation));
  }

  std::int64_t best_step() const {
    const EvalRecord* best = best_of(history_.evaluations, options_);
    return best != nullptr ? best->step : 0;
  }

  bool save_is_due(std::int64_t step) {
    return (options_.save_steps > 0 && step % options_.save_steps == 0) ||
           (options_.save_epochs && order_.ends_epoch(step));
  }

  void after(const StepRecord& record) {
    if (hooks_.stepped) hooks_.stepped(record);
    const std::int64_t best_before = best_step();
    evaluate(record);
    const bool new_best = best_step() != best_before && (options_.save_best || options_.load_best);
    const bool stop = !done() && hooks_.stop_requested && hooks_.stop_requested();
    if (stop || (!done() && (new_best || save_is_due(record.step)))) save();
    const bool for_its_weights = options_.load_best && !options_.save_best && best_before > 0;
    if (new_best && for_its_weights && !save_is_due(best_before))
      FileSystem::current().remove(checkpoint_path(checkpoints_, best_before));
    result_.stopped = stop;
  }

  void save() {
    save_checkpoint(checkpoints_, optimizer_, history_, identity_, options_.save_total_limit, best_step());
    last_saved_ = checkpoint_path(checkpoints_, optimizer_.steps());
  }

  TrainResult finish() {
    result_.steps = optimizer_.steps();
    result_.stopped_early = !result_.stopped && result_.steps < total_;
    result_.epochs = order_.epochs_after(result_.steps);
    for (const StepRecord& record : history_.records)
      result_.mean_loss += record.loss / static_cast<double>(history_.records.size());
    result_.activation_bytes = arena_.high_water();
    if (const EvalRecord* best = best_of(history_.evaluations, options_)) {
      result_.best_step = best->step;
      result_.best_score = best->score;
      const std::filesystem::path checkpoint = checkpoint_path(checkpoints_, best->step);
      if (std::filesystem::is_directory(checkpoint)) result_.best_checkpoint = checkpoint;
      if (options_.load_best && !result_.stopped && best->step != result_.steps) {
        load_weights(checkpoint, optimizer_.parameters());
        round_halves();
      }
    }
    result_.records = std::move(history_.records);
    result_.evaluations = std::move(history_.evaluations);
    return std::move(result_);
  }

  Decoder& decoder_;
  Head& head_;
  const ExampleSource& examples_;
  const TrainOptions& options_;
  std::filesystem::path checkpoints_, last_saved_;
  const TrainHooks& hooks_;
  const Features* features_;
  bool frozen_ = false;  ///< nothing of the decoder is trained
  Order order_;
  AdamW optimizer_;
  nlohmann::json identity_;
  RunHistory history_;
  std::int64_t total_ = 0;  ///< steps
  Arena arena_;
  TrainResult result_;
};

}  // namespace

StateRows rows_read(const Head& head, const TrainOptions& options) {
  return options.lm_coefficient > 0 ? StateRows::every : head.state_rows();
}

TrainPlan plan_training(std::span<const Example> examples, const TrainOptions& options) {
  check(options, examples.size());
  Order order(ExampleList(examples), options);
  return plan(order, examples.size(), 0);
}

TrainResult train(Decoder& decoder, Head& head, const ExampleSource& examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks, const Features* features) {
  check(options, examples.size());
  TrainResult result;
  threads.run([&] { result = Run(decoder, head, examples, options, checkpoints, hooks, features).run(resume); });
  return result;
}

TrainResult train(Decoder& decoder, Head& head, std::span<const Example> examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks, const Features* features) {
  return train(decoder, head, ExampleList(examples), options, threads, checkpoints, resume, hooks, features);
}

}  // namespace gpt
