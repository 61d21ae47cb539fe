#include "gptask/toolkit/merge_adapter.h"

#include <algorithm>
#include <array>

#include "gpt/core/error.h"
#include "gpt/io/file_system.h"
#include "gpt/io/json.h"
#include "gpt/model/files.h"
#include "gpt/model/lora.h"
#include "run/adapters.h"

namespace gptask {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kLead = "base_model.model.";
constexpr std::array<std::string_view, 3> kHeads{"score.", "classifier.", "qa_outputs."};

nlohmann::json config_of(const fs::path& folder) {
  const fs::path file = folder / "config.json";
  return fs::exists(file) ? gpt::read_json_file(file) : nlohmann::json::object();
}

/// What the class of Transformers ends in.
std::string architecture_of(const fs::path& adapter, const nlohmann::json& base) {
  const fs::path file = adapter / "adapter_config.json";
  const nlohmann::json config = gpt::read_json_file(file);
  const nlohmann::json task = config.value("task_type", nlohmann::json());
  if (task == "CAUSAL_LM") return "ForCausalLM";
  if (task == "SEQ_CLS") return "ForSequenceClassification";
  if (task == "QUESTION_ANS") return "ForQuestionAnswering";
  if (!task.is_null())
    gpt::fail(gpt::ErrorCode::unsupported, "{}: task_type {} is not supported; CAUSAL_LM, SEQ_CLS and QUESTION_ANS are",
              file.string(), task.dump());
  const std::string named = base.value("architectures", nlohmann::json()).dump();
  for (const char* architecture : {"ForSequenceClassification", "ForQuestionAnswering"})
    if (named.find(architecture) != std::string::npos) return architecture;
  return "ForCausalLM";
}

bool is_head(std::string_view name) {
  return std::any_of(kHeads.begin(), kHeads.end(), [&](std::string_view head) { return name.rfind(head, 0) == 0; });
}

gpt::Parameter read_parameter(const gpt::StoredTensor& stored, std::string name) {
  if (stored.shape.empty() || stored.shape.size() > 2)
    gpt::fail(gpt::ErrorCode::unsupported, "{} has {} dimensions; a head's weights have one or two", stored.name,
              stored.shape.size());
  gpt::Parameter parameter;
  parameter.name = std::move(name);
  parameter.value = gpt::Tensor::zeros(stored.shape.size() == 1 ? gpt::Shape::vector(stored.shape[0])
                                                                : gpt::Shape::matrix(stored.shape[0], stored.shape[1]));
  gpt::read_f32(stored, 0, parameter.value.values());
  return parameter;
}

/// The adapter's trained head; else the one its base has.
std::vector<gpt::Parameter> read_head(const fs::path& adapter, const fs::path& base) {
  std::vector<gpt::Parameter> head;
  const fs::path own = adapter / "adapter_model.safetensors";
  const auto trained = gpt::open_weights(fs::exists(own) ? own : adapter);
  for (const gpt::StoredTensor& tensor : trained->tensors())
    if (tensor.name.rfind(kLead, 0) == 0 && is_head(std::string_view(tensor.name).substr(kLead.size())))
      head.push_back(read_parameter(tensor, tensor.name.substr(kLead.size())));
  if (!head.empty()) return head;
  const auto weights = gpt::open_weights(base);
  for (const gpt::StoredTensor& tensor : weights->tensors())
    if (is_head(tensor.name)) head.push_back(read_parameter(tensor, tensor.name));
  return head;
}

/// Of config.json: the names of `count` labels, and the base's settings of its head.
nlohmann::ordered_json labels(const nlohmann::json& own, const nlohmann::json& base, std::int64_t count) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  for (const nlohmann::json* config : {&base, &own})
    for (const char* key : {"id2label", "label2id", "problem_type", "pad_token_id"})
      if (config->contains(key)) out[key] = (*config)[key];
  const auto named = out.find("id2label");
  if (named != out.end() && named->is_object() && static_cast<std::int64_t>(named->size()) == count) return out;
  out["id2label"] = out["label2id"] = nlohmann::ordered_json::object();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string label = fmt::format("LABEL_{}", i);
    out["id2label"][std::to_string(i)] = label;
    out["label2id"][label] = i;
  }
  return out;
}

}  // namespace

void merge_adapter(const fs::path& adapter, const fs::path& target, gpt::Threads& threads, gpt::StoredType type) {
  check_merge_target(target);
  const fs::path base = find_base(adapter);
  const nlohmann::json base_config = config_of(base);
  const std::string architecture = architecture_of(adapter, base_config);
  const auto tokenizer = find_tokenizer(adapter, base);
  threads.run([&] {
    const auto decoder = gpt::Decoder::load(base);
    gpt::load_adapter(*decoder, adapter);
    decoder->merge_lora();
    std::vector<gpt::Parameter> head;
    if (architecture != "ForCausalLM") head = read_head(adapter, base);
    if (architecture != "ForCausalLM" && head.empty())
      gpt::fail(gpt::ErrorCode::not_found, "{}: neither the adapter nor its base, {}, has the head of a model {}",
                adapter.string(), base.string(), architecture);
    nlohmann::ordered_json extra;
    if (architecture == "ForSequenceClassification")
      extra = labels(config_of(adapter), base_config, head.front().value.rows());
    std::vector<gpt::Parameter*> pointers;
    for (gpt::Parameter& parameter : head) pointers.push_back(&parameter);
    gpt::FileSystem::current().make_folder(target);
    gpt::save_model(*decoder, pointers, target, architecture, extra, type);
  });
  if (tokenizer != nullptr) tokenizer->save(target);
}

}  // namespace gptask
