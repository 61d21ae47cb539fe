#include "train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "gpt/core/error.h"
#include "gpt/core/hash.h"
#include "gpt/core/log.h"
#include "gpt/io/atomic_file.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "gpt/model/decoder.h"
#include "gpt/model/lora.h"

namespace gpt {
namespace {

namespace fs = std::filesystem;

std::string hash_of(const std::vector<Parameter*>& parameters) {
  Hasher hasher;
  for (const Parameter* p : parameters) {
    const std::string name = fmt::format("{} {};", p->name, p->trainable);
    hasher.update(name.data(), name.size());
    hasher.update(p->value.data(), static_cast<std::size_t>(p->value.size()) * sizeof(float));
  }
  return hasher.digest();
}

std::int64_t step_of(const fs::path& checkpoint) {
  const std::string name = checkpoint.filename().string();
  constexpr std::string_view prefix = "checkpoint-";
  std::int64_t step = -1;
  if (name.compare(0, prefix.size(), prefix) != 0) return -1;
  const auto [end, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), step);
  return error == std::errc() && end == name.data() + name.size() ? step : -1;
}

/// checkpoint-STEP folders, the newest first.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code missing;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, missing))
    if (entry.is_directory() && step_of(entry.path()) >= 0) found.push_back(entry.path());
  std::sort(found.begin(), found.end(), [](const fs::path& a, const fs::path& b) { return step_of(a) > step_of(b); });
  return found;
}

TensorToWrite to_write(const std::string& name, const Tensor& tensor) {
  return {name, StoredType::f32, {tensor.rows(), tensor.columns()}, tensor.data()};
}

void fill(const WeightSource& source, const std::string& name, const Tensor& tensor) {
  const StoredTensor* stored = source.find(name);
  if (stored == nullptr || stored->elements() != tensor.size())
    fail(ErrorCode::mismatch, "{}: {} is missing or has another size", source.path().string(), name);
  read_f32(*stored, 0, tensor.values());
}

void check_complete(const fs::path& checkpoint) {
  if (!fs::is_directory(checkpoint)) fail(ErrorCode::not_found, "{}: there is no checkpoint here", checkpoint.string());
  if (const FolderCheck check = verify_folder(checkpoint); !check.complete)
    fail(ErrorCode::malformed, "{}: the checkpoint is not complete ({}); name an older one", checkpoint.string(),
         check.problem);
}

nlohmann::json to_json(const StepRecord& r) { return {r.step, r.epoch, r.loss, r.learning_rate, r.grad_norm}; }

nlohmann::json to_json(const EvalRecord& r) {
  return {{"step", r.step}, {"epoch", r.epoch}, {"score", r.score}, {"entry", r.entry.dump()}};
}

/// A score that is no number is null in the file.
EvalRecord evaluation_from(const nlohmann::json& json) {
  EvalRecord record{json.at("step").get<std::int64_t>(), json.at("epoch").get<double>(),
                    std::numeric_limits<double>::quiet_NaN(),
                    nlohmann::ordered_json::parse(json.at("entry").get<std::string>())};
  if (json.at("score").is_number()) record.score = json.at("score").get<double>();
  return record;
}

}  // namespace

nlohmann::json run_identity(const TrainOptions& o, const ExampleSource& examples, const Decoder& decoder,
                            const std::vector<Parameter*>& weights, bool kept_states) {
  const ModelConfig& c = decoder.config();
  const LoraOptions lora = decoder.has_lora() ? decoder.lora() : LoraOptions{0, 0, 0, {}};
  const bool any_length = o.schedule == Schedule::stable;  // see load_checkpoint
  return {{"epochs", any_length ? 0.0 : o.epochs},
          {"max_steps", any_length ? 0 : o.max_steps},
          {"decay_steps", any_length ? 0 : o.decay_steps},
          {"batch_size", o.batch_size},
          {"max_batch_tokens", o.max_batch_tokens},
          {"max_activation_tokens", o.max_activation_tokens},
          {"group_by_length", o.group_by_length},
          {"accumulation", o.accumulation},
          {"lm_coefficient", o.lm_coefficient},
          {"kept states", kept_states},
          {"learning_rate", o.learning_rate},
          {"weight_decay", o.weight_decay},
          {"beta1", o.beta1},
          {"beta2", o.beta2},
          {"epsilon", o.epsilon},
          {"max_grad_norm", o.max_grad_norm},
          {"schedule", schedule_name(o.schedule)},
          {"min_lr_rate", o.min_rate},
          {"warmup_steps", o.warmup_steps},
          {"warmup_ratio", o.warmup_ratio},
          {"seed", o.seed},
          {"data_seed", o.data_seed ? nlohmann::json(*o.data_seed) : nlohmann::json()},
          {"dropout", {c.embedding_dropout, c.residual_dropout, c.attention_dropout}},
          {"adapters", {lora.rank, lora.alpha, lora.dropout}},
          {"training data", examples.hash()},
          {"initial weights", hash_of(weights)}};
}

fs::path checkpoint_path(const fs::path& folder, std::int64_t step) {
  return folder / fmt::format("checkpoint-{}", step);
}

void save_checkpoint(const fs::path& folder, AdamW& optimizer, const RunHistory& history,
                     const nlohmann::json& identity, std::int64_t limit, std::int64_t best) {
  AtomicFolder checkpoint(checkpoint_path(folder, optimizer.steps()));
  std::vector<TensorToWrite> weights, moments;
  for (std::size_t i = 0; i < optimizer.parameters().size(); ++i) {
    const std::string& name = optimizer.parameters()[i]->name;
    weights.push_back(to_write(name, optimizer.parameters()[i]->value));
    moments.push_back(to_write("first." + name, optimizer.first_moments()[i]));
    moments.push_back(to_write("second." + name, optimizer.second_moments()[i]));
  }
  write_safetensors(checkpoint, "trained.safetensors", weights);
  write_safetensors(checkpoint, "optimizer.safetensors", moments);
  nlohmann::json state{{"step", optimizer.steps()}, {"run", identity}, {"records", nlohmann::json::array()}};
  for (const StepRecord& record : history.records) state["records"].push_back(to_json(record));
  state["evaluations"] = nlohmann::json::array();
  for (const EvalRecord& evaluation : history.evaluations) state["evaluations"].push_back(to_json(evaluation));
  checkpoint.write_file("trainer_state.json", state.dump() + "\n");
  checkpoint.commit();
  if (limit <= 0) return;
  const std::vector<fs::path> all = checkpoints_in(folder);
  for (std::size_t i = static_cast<std::size_t>(limit); i < all.size(); ++i)
    if (step_of(all[i]) != best) FileSystem::current().remove(all[i]);
}

void load_checkpoint(const fs::path& checkpoint, AdamW& optimizer, RunHistory& history,
                     const nlohmann::json& identity) {
  check_complete(checkpoint);
  const nlohmann::json state = read_json_file(checkpoint / "trainer_state.json");
  for (const auto& [key, value] : identity.items())
    if (state.at("run").value(key, nlohmann::json()) != value)
      fail(ErrorCode::mismatch,
           "{}: this checkpoint belongs to another run: its {} is {}, this run's is {}; give the same flags and files, "
           "or --overwrite_output_dir",
           checkpoint.string(), key, state.at("run").value(key, nlohmann::json()).dump(), value.dump());
  const SafetensorsFile weights(checkpoint / "trained.safetensors"), moments(checkpoint / "optimizer.safetensors");
  for (std::size_t i = 0; i < optimizer.parameters().size(); ++i) {
    const Parameter& p = *optimizer.parameters()[i];
    fill(weights, p.name, p.value);
    fill(moments, "first." + p.name, optimizer.first_moments()[i]);
    fill(moments, "second." + p.name, optimizer.second_moments()[i]);
  }
  optimizer.set_steps(state.at("step").get<std::int64_t>());
  history = {};
  for (const auto& r : state.at("records"))
    history.records.push_back({r.at(0).get<std::int64_t>(), r.at(1).get<double>(), r.at(2).get<double>(),
                               r.at(3).get<double>(), r.at(4).get<double>()});
  for (const auto& e : state.at("evaluations")) history.evaluations.push_back(evaluation_from(e));
}

void load_weights(const fs::path& checkpoint, const std::vector<Parameter*>& parameters) {
  check_complete(checkpoint);
  const SafetensorsFile weights(checkpoint / "trained.safetensors");
  for (const Parameter* p : parameters) fill(weights, p->name, p->value);
}

fs::path newest_checkpoint(const fs::path& folder) {
  for (const fs::path& checkpoint : checkpoints_in(folder)) {
    const FolderCheck check = verify_folder(checkpoint);
    if (check.complete) return checkpoint;
    log_warning("{} is not complete ({}); looking for an older checkpoint", checkpoint.string(), check.problem);
  }
  return {};
}

}  // namespace gpt
