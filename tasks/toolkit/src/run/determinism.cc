#include "gptask/toolkit/determinism.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "gpt/core/hash.h"
#include "run/inputs.h"

namespace gptask {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kSteps = 3;

Json steps_on(FinetuneRequest request, int threads, Observer& observer) {
  request.threads = threads;
  const Inputs inputs = read_inputs(request, observer);
  observer.stage(fmt::format("training on {} {}", threads, threads == 1 ? "thread" : "threads"));
  gpt::TrainOptions options = request.train;
  options.max_steps = std::min(kSteps, gpt::plan_training(inputs.train->examples, options).steps);
  options.save_steps = options.early_stopping_patience = 0;
  options.save_epochs = options.save_best = options.load_best = false;
  gpt::TrainHooks hooks;
  hooks.stepped = [&](const gpt::StepRecord&) { check_stop(observer); };
  const gpt::TrainResult result =
      gpt::train(*inputs.decoder, *inputs.head, inputs.train->examples, options, *inputs.threads, {}, {}, hooks);
  gpt::Hasher hasher;
  for (const auto& all : {inputs.decoder->parameters(), inputs.head->parameters()})
    for (const gpt::Parameter* p : all)
      if (p->trainable) hasher.update(p->value.data(), p->value.values().size_bytes());
  std::vector<double> losses;
  for (const gpt::StepRecord& record : result.records) losses.push_back(record.loss);
  return {{"threads", threads}, {"losses", losses}, {"trained_weights", hasher.digest()}};
}

}  // namespace

DeterminismCheck check_determinism(const FinetuneRequest& request, Observer& observer) {
  FinetuneRequest checked = request;
  if (checked.output_dir.empty()) checked.output_dir = "unused";  // nothing is written
  check(checked);
  const int many =
      request.threads > 1 ? request.threads : std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  Json one = steps_on(checked, 1, observer), several = steps_on(checked, many, observer);
  DeterminismCheck result;
  result.equal = one.at("losses") == several.at("losses") && one.at("trained_weights") == several.at("trained_weights");
  result.details = {{"equal", result.equal}, {"steps", one.at("losses").size()}, {"runs", {one, several}}};
  return result;
}

}  // namespace gptask
