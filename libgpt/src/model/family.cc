#include "model/family.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "gpt/core/error.h"
#include "model/families.h"

namespace gpt {

Family::~Family() = default;

std::span<const Family* const> families() {
  static const std::array<const Family*, 2> all{&gpt2_family(), &llama_family()};
  return all;
}

const Family& family(std::string_view model_type) {
  std::vector<std::string_view> known;
  for (const Family* candidate : families()) {
    if (candidate->model_type() == model_type) return *candidate;
    known.push_back(candidate->model_type());
  }
  fail(ErrorCode::unsupported, "the architecture \"{}\" is not supported; this build knows {}", model_type,
       fmt::join(known, ", "));
}

void ConfigReader::wrong(const char* key, const char* wanted) const {
  fail(ErrorCode::malformed, "{}: {} must be {}, not {}", where_, key, wanted,
       has(key) ? json_.at(key).dump() : "missing");
}

std::int64_t ConfigReader::size(const char* key) const {
  if (!has(key) || !json_.at(key).is_number_integer()) wrong(key, "a whole number");
  const auto value = json_.at(key).get<std::int64_t>();
  if (value < 1 || value > std::numeric_limits<std::int32_t>::max()) wrong(key, "between 1 and 2147483647");
  return value;
}

double ConfigReader::number_or(const char* key, double otherwise) const {
  if (!has(key)) return otherwise;
  if (!json_.at(key).is_number()) wrong(key, "a number");
  return json_.at(key).get<double>();
}

bool ConfigReader::flag_or(const char* key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!json_.at(key).is_boolean()) wrong(key, "true or false");
  return json_.at(key).get<bool>();
}

std::string ConfigReader::text_or(const char* key, const std::string& otherwise) const {
  if (!has(key)) return otherwise;
  if (!json_.at(key).is_string()) wrong(key, "a text");
  return json_.at(key).get<std::string>();
}

std::optional<std::int32_t> ConfigReader::token(const char* key) const {
  if (!has(key)) return std::nullopt;
  const nlohmann::json& value =
      json_.at(key).is_array() && !json_.at(key).empty() ? json_.at(key).front() : json_.at(key);
  if (!value.is_number_integer()) wrong(key, "a token id");
  const auto id = value.get<std::int64_t>();
  if (id < 0) return std::nullopt;  // -1 stands for none in some files
  if (id > std::numeric_limits<std::int32_t>::max()) wrong(key, "a token id");
  return static_cast<std::int32_t>(id);
}

void ConfigReader::common(ModelConfig& config) const {
  config.initializer_range = number_or("initializer_range", 0.02);
  config.bos = token("bos_token_id");
  config.eos = token("eos_token_id");
  config.pad = token("pad_token_id");
}

void ConfigReader::only(const char* key, std::initializer_list<nlohmann::json> allowed) const {
  if (!has(key) || std::find(allowed.begin(), allowed.end(), json_.at(key)) != allowed.end()) return;
  std::vector<std::string> names;
  for (const nlohmann::json& value : allowed) names.push_back(value.dump());
  fail(ErrorCode::unsupported, "{}: {} = {} is not supported, only {}", where_, key, json_.at(key).dump(),
       fmt::join(names, ", "));
}

void check_config(const ModelConfig& c, std::string_view where) {
  if (c.kv_heads == 0 || c.heads % c.kv_heads != 0)
    fail(ErrorCode::mismatch, "{}: {} attention heads cannot share {} key-value heads evenly", where, c.heads,
         c.kv_heads);
  if (c.head_size == 0 || (c.rope_theta && c.head_size % 2 != 0))
    fail(ErrorCode::mismatch, "{}: rotary positions need an even head size, not {}", where, c.head_size);
  if (!c.rope_theta && c.head_size * c.heads != c.hidden)
    fail(ErrorCode::mismatch, "{}: a hidden size of {} does not divide into {} heads", where, c.hidden, c.heads);
  for (const double dropout : {c.embedding_dropout, c.residual_dropout, c.attention_dropout})
    if (!(dropout >= 0 && dropout < 1))
      fail(ErrorCode::malformed, "{}: a dropout must be at least 0 and below 1, not {}", where, dropout);
  if (!(c.norm_epsilon > 0))
    fail(ErrorCode::malformed, "{}: the norm's epsilon must be positive, not {}", where, c.norm_epsilon);
}

std::int64_t gguf_size(const GgufFile& file, std::string_view key) {
  const std::string name = fmt::format("{}.{}", file.find_string("general.architecture").value_or(""), key);
  const auto value = file.find_integer(name);
  if (!value) fail(ErrorCode::malformed, "{}: the metadata lacks {}", file.path().string(), name);
  if (*value < 1 || *value > std::numeric_limits<std::int32_t>::max())
    fail(ErrorCode::malformed, "{}: {} = {} is out of range", file.path().string(), name, *value);
  return *value;
}

std::int64_t gguf_size_or(const GgufFile& file, std::string_view key, std::int64_t otherwise) {
  const std::string name = fmt::format("{}.{}", file.find_string("general.architecture").value_or(""), key);
  return file.find_value(name) != nullptr ? gguf_size(file, key) : otherwise;
}

double gguf_number_or(const GgufFile& file, std::string_view key, double otherwise) {
  const std::string name = fmt::format("{}.{}", file.find_string("general.architecture").value_or(""), key);
  const auto value = file.find_number(name);
  if (!value) return otherwise;
  // Stored in float32: the shortest decimal that means the same is what the author wrote.
  const std::string text = fmt::format("{}", static_cast<float>(*value));
  double written = 0;
  std::from_chars(text.data(), text.data() + text.size(), written);
  return written;
}

void read_gguf_vocabulary(const GgufFile& file, ModelConfig& config) {
  const StoredTensor* embedding = file.find("token_embd.weight");
  if (embedding == nullptr || embedding->shape.size() != 2)
    fail(ErrorCode::malformed, "{}: there is no matrix token_embd.weight", file.path().string());
  config.vocabulary = embedding->shape[0];
  const auto token = [&](std::string_view key) -> std::optional<std::int32_t> {
    const auto id = file.find_integer(key);
    if (!id || *id < 0 || *id >= config.vocabulary) return std::nullopt;
    return static_cast<std::int32_t>(*id);
  };
  config.bos = token("tokenizer.ggml.bos_token_id");
  config.eos = token("tokenizer.ggml.eos_token_id");
  config.pad = token("tokenizer.ggml.padding_token_id");
  config.tied_embeddings = file.find("output.weight") == nullptr;
}

}  // namespace gpt
