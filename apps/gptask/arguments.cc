#include "arguments.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "gpt/core/error.h"
#include "gpt/io/json.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

bool is_flag(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' && (argument[1] < '0' || argument[1] > '9') && argument[1] != '.';
}

bool is_json_file(const std::string& argument) {
  return argument.size() > 5 && argument.compare(argument.size() - 5, 5, ".json") == 0;
}

/// "--learning-rate=1e-4" -> "learning-rate"
std::string flag_name(const std::string& argument) {
  const std::size_t begin = argument.find_first_not_of('-');
  if (begin == std::string::npos) return "";
  return argument.substr(begin, argument.find('=') - begin);
}

/// What gpt::Options takes for a flag.
bool is_truth(std::string text) {
  static const std::vector<std::string> values = {"true", "false", "1", "0", "yes", "no"};
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::find(values.begin(), values.end(), text) != values.end();
}

/// The flag that --no_NAME turns off, as Transformers' HfArgumentParser has it; null for other names.
const gpt::OptionSpec* turned_off(const gpt::Options& options, const std::string& name) {
  if (!name.starts_with("no_") && !name.starts_with("no-")) return nullptr;
  const gpt::OptionSpec* spec = options.find(name.substr(3));
  return spec != nullptr && spec->kind == Kind::flag ? spec : nullptr;
}

nlohmann::json read_config(const std::string& file) {
  nlohmann::json config = gpt::read_json_file(file);
  if (!config.is_object())
    gpt::fail(gpt::ErrorCode::malformed, "{}: a config file is one JSON object of option names and values", file);
  return config;
}

std::string text_of(const nlohmann::json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

Arguments::Arguments(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  if (arguments_.size() == 1 && is_json_file(arguments_[0])) {
    config_file_ = arguments_[0];
    arguments_.clear();
  } else if (const auto named = early("config"); !named.empty()) {
    config_file_ = named.back();
  }
}

std::string Arguments::leading() const {
  if (!arguments_.empty() && !is_flag(arguments_[0])) return arguments_[0];
  if (config_file_.empty()) return "";
  return read_config(config_file_).value("task", "");
}

bool Arguments::wants_help() const {
  return std::any_of(arguments_.begin(), arguments_.end(), [](const auto& a) { return a == "--help" || a == "-h"; });
}

std::vector<std::string> Arguments::early(const std::string& name) const {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    const std::string& argument = arguments_[i];
    if (!is_flag(argument) || flag_name(argument) != name) continue;
    if (const std::size_t equals = argument.find('='); equals != std::string::npos)
      values.push_back(argument.substr(equals + 1));
    else if (i + 1 < arguments_.size())
      values.push_back(arguments_[i + 1]);
  }
  if (values.empty() && !config_file_.empty()) {
    const nlohmann::json config = read_config(config_file_);
    if (config.contains(name)) {
      const nlohmann::json& value = config[name];
      for (const auto& item : value.is_array() ? value : nlohmann::json::array({value}))
        values.push_back(text_of(item));
    }
  }
  return values;
}

void Arguments::give(gpt::Options& options, const std::string& name, const std::string& value) {
  const gpt::OptionSpec* spec = options.find(name);
  std::vector<std::string>& values = given_[spec->name];
  values.push_back(value);
  options.set(name, spec->kind == Kind::list ? fmt::format("{}", fmt::join(values, ",")) : value);
}

std::size_t Arguments::parse_flag(gpt::Options& options, std::size_t i) {
  const std::string& argument = arguments_[i];
  const std::string name = flag_name(argument);
  const gpt::OptionSpec* spec = options.find(name);
  if (const gpt::OptionSpec* off = spec == nullptr ? turned_off(options, name) : nullptr) {
    give(options, off->name, "false");
    return i + 1;
  }
  if (spec == nullptr) options.set(name, "");  // throws, with the nearest name
  if (const std::size_t equals = argument.find('='); equals != std::string::npos) {
    give(options, name, argument.substr(equals + 1));
    return i + 1;
  }
  if (spec->kind == Kind::flag) {
    const bool has_value = i + 1 < arguments_.size() && is_truth(arguments_[i + 1]);
    give(options, name, has_value ? arguments_[i + 1] : "true");
    return i + (has_value ? 2 : 1);
  }
  if (i + 1 >= arguments_.size() ||
      (is_flag(arguments_[i + 1]) && options.find(flag_name(arguments_[i + 1])) != nullptr))
    gpt::fail(gpt::ErrorCode::invalid_option, "--{} needs a value", name);
  if (spec->kind != Kind::list) {
    give(options, name, arguments_[i + 1]);
    return i + 2;
  }
  std::string joined;
  for (++i; i < arguments_.size() && !is_flag(arguments_[i]); ++i)
    joined += (joined.empty() ? "" : ",") + arguments_[i];
  give(options, name, joined);
  return i;
}

void Arguments::parse(gpt::Options& options) {
  if (!config_file_.empty()) {
    nlohmann::json config = read_config(config_file_);
    config.erase("task");
    for (const auto& [name, value] : config.items()) {
      if (value.is_null()) continue;
      options.merge_json({{name, value}});
      for (const auto& item : value.is_array() ? value : nlohmann::json::array({value}))
        given_[options.find(name)->name].push_back(text_of(item));
    }
  }
  std::map<std::string, std::vector<std::string>> from_file;
  from_file.swap(given_);
  for (std::size_t i = 0; i < arguments_.size();) {
    if (is_flag(arguments_[i])) {
      i = parse_flag(options, i);
    } else {
      positional_.push_back(arguments_[i++]);
    }
  }
  given_.merge(from_file);  // flags win
}

const std::vector<std::string>& Arguments::all(const std::string& name) const {
  static const std::vector<std::string> none;
  const auto found = given_.find(name);
  return found != given_.end() ? found->second : none;
}

void declare_common(gpt::Options& options) {
  options.declare({"config", Kind::text, "", "a JSON file with values for any of these options"});
  options.declare({"json", Kind::flag, "false", "print the result (or the error) as JSON"});
  options.declare({"help", Kind::flag, "false", "show this text", {}, {"h"}});
}

}  // namespace gptask::app
