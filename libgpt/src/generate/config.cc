#include "gpt/generate/config.h"

#include <cmath>
#include <limits>

#include "gpt/core/error.h"
#include "gpt/io/json.h"

namespace gpt {
namespace {

class Fields {
 public:
  Fields(const nlohmann::json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) fail(ErrorCode::malformed, "{}: expected an object", where_);
  }

  const nlohmann::json* find(const char* key) const {
    const auto found = json_.find(key);
    return found != json_.end() && !found->is_null() ? &*found : nullptr;
  }
  void read(const char* key, bool& value) const {
    if (const auto* found = find(key)) {
      if (!found->is_boolean()) wrong(key, "true or false");
      value = found->get<bool>();
    }
  }
  void read(const char* key, double& value) const {
    if (const auto* found = find(key)) {
      if (!found->is_number()) wrong(key, "a number");
      value = found->get<double>();
    }
  }
  void read(const char* key, std::int32_t& value) const {
    if (const auto* found = find(key)) value = whole(key, *found);
  }
  std::int32_t whole(const char* key, const nlohmann::json& value) const {
    if (!value.is_number_integer()) wrong(key, "a whole number");
    const auto number = value.get<std::int64_t>();
    if (number < std::numeric_limits<std::int32_t>::min() || number > std::numeric_limits<std::int32_t>::max())
      wrong(key, "a number of 32 bits");
    return static_cast<std::int32_t>(number);
  }
  [[noreturn]] void wrong(const char* key, const char* wanted) const {
    fail(ErrorCode::malformed, "{}: {} must be {}, not {}", where_, key, wanted, json_.at(key).dump());
  }
  const std::string& where() const { return where_; }

 private:
  const nlohmann::json& json_;
  std::string where_;
};

void read_end_tokens(const Fields& fields, GenerateOptions& options) {
  const auto* found = fields.find("eos_token_id");
  if (found == nullptr) return;
  std::vector<std::int32_t> tokens;
  for (const auto& one : found->is_array() ? *found : nlohmann::json::array({*found}))
    tokens.push_back(fields.whole("eos_token_id", one));
  if (tokens != std::vector<std::int32_t>{-1}) options.eos_token_id = std::move(tokens);  // -1: none, in some files
}

void read_early_stopping(const Fields& fields, GenerateOptions& options) {
  const auto* found = fields.find("early_stopping");
  if (found == nullptr) return;
  if (*found == "never")
    options.early_stopping = EarlyStopping::never;
  else if (found->is_boolean())
    options.early_stopping = found->get<bool>() ? EarlyStopping::yes : EarlyStopping::no;
  else
    fields.wrong("early_stopping", "true, false or \"never\"");
}

/// What would change the text must not be passed over.
void refuse_unknown(const Fields& fields) {
  using Json = nlohmann::json;
  const std::pair<const char*, std::vector<Json>> known[] = {
      {"typical_p", {1, 1.0}},     {"epsilon_cutoff", {0, 0.0}},  {"eta_cutoff", {0, 0.0}},
      {"num_beam_groups", {1}},    {"penalty_alpha", {0, 0.0}},   {"guidance_scale", {1, 1.0}},
      {"bad_words_ids", {}},       {"force_words_ids", {}},       {"sequence_bias", {}},
      {"suppress_tokens", {}},     {"begin_suppress_tokens", {}}, {"forced_bos_token_id", {}},
      {"forced_eos_token_id", {}}, {"constraints", {}},           {"exponential_decay_length_penalty", {}},
  };
  for (const auto& [key, harmless] : known) {
    const Json* found = fields.find(key);
    if (found == nullptr || (found->is_array() && found->empty())) continue;
    bool same = false;
    for (const Json& value : harmless) same = same || *found == value;
    if (!same)
      fail(ErrorCode::unsupported, "{}: {} = {} is not supported; take the field out to go without it", fields.where(),
           key, found->dump());
  }
}

void read_all(const Fields& fields, GenerateOptions& o) {
  refuse_unknown(fields);
  read_end_tokens(fields, o);
  read_early_stopping(fields, o);
  fields.read("max_new_tokens", o.max_new_tokens);
  fields.read("min_new_tokens", o.min_new_tokens);
  fields.read("do_sample", o.do_sample);
  fields.read("temperature", o.temperature);
  fields.read("top_k", o.top_k);
  fields.read("top_p", o.top_p);
  fields.read("min_p", o.min_p);
  fields.read("num_return_sequences", o.num_return_sequences);
  fields.read("num_beams", o.num_beams);
  fields.read("length_penalty", o.length_penalty);
  fields.read("repetition_penalty", o.repetition_penalty);
  fields.read("no_repeat_ngram_size", o.no_repeat_ngram_size);
  if (const auto* stop = fields.find("stop_strings"))
    for (const auto& one : stop->is_array() ? *stop : nlohmann::json::array({*stop})) {
      if (!one.is_string()) fields.wrong("stop_strings", "a text or a list of texts");
      o.stop_strings.push_back(one.get<std::string>());
    }
  if (o.temperature == 0) o.do_sample = false;  // some authors write greedy search so
}

}  // namespace

GenerateOptions read_generation_config(const std::filesystem::path& model, GenerateOptions options) {
  if (!std::filesystem::is_directory(model)) return options;
  if (const auto file = model / "generation_config.json"; std::filesystem::exists(file)) {
    const nlohmann::json json = read_json_file(file);
    read_all(Fields(json, file.string()), options);
  } else if (const auto config = model / "config.json"; std::filesystem::exists(config)) {
    const nlohmann::json json = read_json_file(config);
    read_end_tokens(Fields(json, config.string()), options);
  }
  return options;
}

}  // namespace gpt
