#include "gptask/toolkit/determinism.h"

#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <set>

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
  std::set<int> counts{1, 2, 7};
  if (request.threads > 0) counts.insert(request.threads);
  // Else there would be no more threads than cores.
  constexpr auto kMost = tbb::global_control::max_allowed_parallelism;
  const tbb::global_control more(
      kMost, std::max(static_cast<std::size_t>(*counts.rbegin()), tbb::global_control::active_value(kMost)));
  DeterminismCheck result;
  result.equal = true;
  Json runs = Json::array();
  for (const int count : counts) {
    runs.push_back(steps_on(checked, count, observer));
    for (const char* what : {"losses", "trained_weights"})
      result.equal = result.equal && runs.back().at(what) == runs.front().at(what);
  }
  result.details = {{"equal", result.equal}, {"steps", runs.front().at("losses").size()}, {"runs", runs}};
  return result;
}

}  // namespace gptask
