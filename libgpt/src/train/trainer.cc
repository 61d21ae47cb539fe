#include "gpt/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "gpt/core/error.h"
#include "gpt/model/decoder.h"
#include "gpt/tensor/parallel.h"
#include "train/checkpoint.h"
#include "train/optimizer.h"
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
  positive("the batch size", static_cast<double>(o.batch_size));
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
  not_negative("the number of warm-up steps", static_cast<double>(o.warmup_steps));
  if (!(o.warmup_ratio >= 0 && o.warmup_ratio <= 1))
    fail(ErrorCode::invalid_option, "the warm-up ratio must be between 0 and 1, not {}", o.warmup_ratio);
  if (!(o.min_rate >= 0 && o.min_rate <= 1))
    fail(ErrorCode::invalid_option, "the smallest share of the learning rate must be between 0 and 1, not {}",
         o.min_rate);
}

/// Which examples step `step` takes: a new order each epoch, from the seed.
class Order {
 public:
  Order(std::size_t examples, const TrainOptions& options) : examples_(examples), options_(options) {
    const auto per_step = static_cast<std::size_t>(options.batch_size * options.accumulation);
    steps_per_epoch_ = static_cast<std::int64_t>((examples + per_step - 1) / per_step);
  }

  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::int64_t steps() const {
    if (options_.max_steps > 0) return options_.max_steps;
    return std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::ceil(options_.epochs * static_cast<double>(steps_per_epoch_) - 1e-9)));
  }

  std::vector<std::span<const std::uint32_t>> batches(std::int64_t step) {
    const std::int64_t epoch = step / steps_per_epoch_;
    if (epoch != epoch_) {
      order_ = permutation(examples_, Random(options_.seed, static_cast<std::uint64_t>(epoch)));
      epoch_ = epoch;
    }
    std::vector<std::span<const std::uint32_t>> parts;
    const auto batch = static_cast<std::size_t>(options_.batch_size);
    std::size_t first = static_cast<std::size_t>(step % steps_per_epoch_ * options_.accumulation) * batch;
    for (std::int64_t i = 0; i < options_.accumulation && first < examples_; ++i, first += batch)
      parts.emplace_back(order_.data() + first, std::min(batch, examples_ - first));
    return parts;
  }

 private:
  std::size_t examples_;
  TrainOptions options_;
  std::int64_t steps_per_epoch_ = 1, epoch_ = -1;
  std::vector<std::uint32_t> order_;
};

class Run {
 public:
  Run(Decoder& decoder, Head& head, const ExampleSource& examples, const TrainOptions& options,
      const std::filesystem::path& checkpoints, const TrainHooks& hooks)
      : decoder_(decoder),
        head_(head),
        examples_(examples),
        options_(options),
        checkpoints_(checkpoints),
        hooks_(hooks),
        order_(examples.size(), options),
        optimizer_(trainable(decoder, head), options),
        identity_(run_identity(options, examples, decoder, weights(decoder, head))) {}

  TrainResult run(const std::filesystem::path& resume) {
    if (!resume.empty()) {
      load_checkpoint(resume, optimizer_, result_.records, identity_);
      for (Parameter* p : weights(decoder_, head_))
        if (!p->half.empty()) p->round_half();
    }
    const std::int64_t total = order_.steps();
    if (!resume.empty()) check_length(resume, total);
    if (hooks_.started)
      hooks_.started(
          {static_cast<std::int64_t>(examples_.size()), total, order_.steps_per_epoch(), optimizer_.steps()});
    while (optimizer_.steps() < total && !result_.stopped) {
      const Clock::time_point start = Clock::now();
      const StepRecord record = step(total);
      result_.seconds += seconds_since(start);
      result_.records.push_back(record);
      after(record, total);
    }
    return finish(total);
  }

 private:
  /// A checkpoint of Schedule::stable may belong to a run of another length, but not from within its decay.
  void check_length(const std::filesystem::path& checkpoint, std::int64_t total) const {
    if (optimizer_.steps() > total)
      fail(ErrorCode::mismatch, "{}: this checkpoint has {} steps, the run ends after {}", checkpoint.string(),
           optimizer_.steps(), total);
    if (result_.records.empty()) return;
    const StepRecord& last = result_.records.back();
    if (const double rate = learning_rate(options_, last.step - 1, total); rate != last.learning_rate)
      fail(ErrorCode::mismatch,
           "{}: its last step had learning rate {}, in a run of {} steps it is {}; name a checkpoint from before the "
           "decay, or the number of steps it was made with",
           checkpoint.string(), last.learning_rate, total, rate);
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

  /// tokens -> decoder -> head -> loss -> backward -> clip -> update.
  StepRecord step(std::int64_t total) {
    const std::int64_t index = optimizer_.steps();
    std::vector<Batch> batches;
    double divisor = 0;
    for (const auto& indices : order_.batches(index))
      divisor += head_.loss_divisor(batches.emplace_back(pack(examples_, indices)));
    const float scale = divisor > 0 ? static_cast<float>(1 / divisor) : 1.0F;

    optimizer_.zero_grad();
    double loss = 0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      Tape tape(arena_, true, options_.seed, static_cast<std::uint64_t>(index * options_.accumulation) + i);
      const Hidden hidden = decoder_.forward(tape, batches[i]);
      const Variable outputs = head_.forward(hidden, batches[i]);
      const Variable part = head_.loss(outputs, batches[i], scale);
      tape.backward(part);
      loss += static_cast<double>(part.value().data()[0]);
      result_.tokens += batches[i].token_count();
    }
    const double norm = optimizer_.grad_norm();
    if (!std::isfinite(loss) || !std::isfinite(norm))
      fail(ErrorCode::diverged,
           "step {}: the loss is {} and the gradient norm {}; training stopped before the weights took it. Try a "
           "smaller learning rate{}",
           index + 1, loss, norm, last_saved_.empty() ? std::string() : ", or resume from " + last_saved_.string());
    const double rate = learning_rate(options_, index, total);
    const double limit = options_.max_grad_norm;
    optimizer_.step(rate, limit > 0 && norm > limit ? limit / (norm + 1e-6) : 1.0);
    return {index + 1, static_cast<double>(index + 1) / static_cast<double>(order_.steps_per_epoch()), loss, rate,
            norm};
  }

  void after(const StepRecord& record, std::int64_t total) {
    if (hooks_.stepped) hooks_.stepped(record);
    const bool last = record.step == total;
    const auto due = [&](std::int64_t every) { return every > 0 && record.step % every == 0; };
    if (hooks_.evaluate && !last &&
        (due(options_.eval_steps) || (options_.eval_steps == 0 && record.step % order_.steps_per_epoch() == 0)))
      hooks_.evaluate(record);
    const bool stop = hooks_.stop_requested && hooks_.stop_requested() && !last;
    if (stop || (due(options_.save_steps) && !last)) save();
    result_.stopped = stop;
  }

  void save() {
    save_checkpoint(checkpoints_, optimizer_, result_.records, identity_, options_.save_total_limit);
    last_saved_ = checkpoints_ / fmt::format("checkpoint-{}", optimizer_.steps());
  }

  TrainResult finish(std::int64_t total) {
    result_.steps = optimizer_.steps();
    result_.epochs =
        static_cast<double>(std::min(total, result_.steps)) / static_cast<double>(order_.steps_per_epoch());
    for (const StepRecord& record : result_.records)
      result_.mean_loss += record.loss / static_cast<double>(result_.records.size());
    result_.activation_bytes = arena_.high_water();
    return std::move(result_);
  }

  Decoder& decoder_;
  Head& head_;
  const ExampleSource& examples_;
  const TrainOptions& options_;
  std::filesystem::path checkpoints_, last_saved_;
  const TrainHooks& hooks_;
  Order order_;
  AdamW optimizer_;
  nlohmann::json identity_;
  Arena arena_;
  TrainResult result_;
};

}  // namespace

TrainResult train(Decoder& decoder, Head& head, const ExampleSource& examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks) {
  check(options, examples.size());
  TrainResult result;
  threads.run([&] { result = Run(decoder, head, examples, options, checkpoints, hooks).run(resume); });
  return result;
}

TrainResult train(Decoder& decoder, Head& head, std::span<const Example> examples, const TrainOptions& options,
                  Threads& threads, const std::filesystem::path& checkpoints, const std::filesystem::path& resume,
                  const TrainHooks& hooks) {
  return train(decoder, head, ExampleList(examples), options, threads, checkpoints, resume, hooks);
}

MeanLoss mean_loss(const Decoder& decoder, Head& head, const ExampleSource& examples,
                   std::span<const std::uint32_t> indices, std::int64_t batch_size, Threads& threads,
                   const std::function<void(std::size_t)>& progress) {
  if (batch_size < 1) fail(ErrorCode::invalid_option, "the batch size must be a positive number, not {}", batch_size);
  MeanLoss result;
  threads.run([&] {
    Arena arena;
    for (std::size_t first = 0; first < indices.size(); first += static_cast<std::size_t>(batch_size)) {
      const auto some = indices.subspan(first, std::min(static_cast<std::size_t>(batch_size), indices.size() - first));
      const Batch batch = pack(examples, some);
      const std::int64_t terms = head.loss_terms(batch);
      Tape tape(arena, false);
      const Variable outputs = head.forward(decoder.forward(tape, batch), batch);
      const Variable loss = head.loss(outputs, batch, 1.0F / static_cast<float>(std::max<std::int64_t>(1, terms)));
      result.loss += static_cast<double>(loss.value().data()[0]) * static_cast<double>(terms);
      result.terms += terms;
      if (progress) progress(first + some.size());
    }
  });
  if (result.terms > 0) result.loss /= static_cast<double>(result.terms);
  return result;
}

std::vector<std::vector<float>> infer(const Decoder& decoder, Head& head, std::span<const Example> examples,
                                      std::int64_t batch_size, Threads& threads,
                                      const std::function<void(std::size_t)>& progress) {
  if (batch_size < 1) fail(ErrorCode::invalid_option, "the batch size must be a positive number, not {}", batch_size);
  std::vector<std::uint32_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return examples[a].tokens.size() > examples[b].tokens.size();
  });
  std::vector<std::vector<float>> outputs(examples.size());
  threads.run([&] {
    Arena arena;
    for (std::size_t first = 0; first < order.size(); first += static_cast<std::size_t>(batch_size)) {
      const std::span<const std::uint32_t> indices(
          order.data() + first, std::min(static_cast<std::size_t>(batch_size), order.size() - first));
      const Batch batch = pack(examples, indices);
      Tape tape(arena, false);
      const Variable rows = head.forward(decoder.forward(tape, batch), batch);
      for (std::size_t i = 0; i < indices.size(); ++i) {
        const std::int64_t from = head.per_token() ? batch.offsets[i] : static_cast<std::int64_t>(i);
        const std::int64_t to = head.per_token() ? batch.offsets[i + 1] : from + 1;
        outputs[indices[i]].assign(rows.value().row(from), rows.value().row(to));
      }
      if (progress) progress(first + indices.size());
    }
  });
  return outputs;
}

}  // namespace gpt
