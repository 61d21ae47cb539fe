#include "gpt/core/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "gpt/core/error.h"

namespace gpt {
namespace {

std::string canonical(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

template <typename Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_flag(std::string_view text, bool& value) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  value = lower == "true" || lower == "1" || lower == "yes";
  return value || lower == "false" || lower == "0" || lower == "no";
}

void check(const OptionSpec& spec, std::string_view value) {
  bool flag = false;
  std::int64_t integer = 0;
  double number = 0;
  switch (spec.kind) {
    case OptionSpec::Kind::flag:
      if (!parse_flag(value, flag))
        fail(ErrorCode::invalid_option, "--{} takes true or false, not \"{}\"", spec.name, value);
      break;
    case OptionSpec::Kind::integer:
      if (!parse(value, integer))
        fail(ErrorCode::invalid_option, "--{} takes a whole number, not \"{}\"", spec.name, value);
      break;
    case OptionSpec::Kind::number:
      if (!parse(value, number) || !std::isfinite(number))
        fail(ErrorCode::invalid_option, "--{} takes a finite number, not \"{}\"", spec.name, value);
      break;
    case OptionSpec::Kind::text:
      if (!spec.choices.empty() && std::find(spec.choices.begin(), spec.choices.end(), value) == spec.choices.end())
        fail(ErrorCode::invalid_option, "--{} takes one of {}, not \"{}\"", spec.name, fmt::join(spec.choices, ", "),
             value);
      break;
    case OptionSpec::Kind::list:
      break;
  }
}

std::string as_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string joined;
  for (const auto& item : value) joined += (joined.empty() ? "" : ",") + as_text(item);
  return joined;
}

}  // namespace

void Options::declare(OptionSpec spec) {
  spec.name = canonical(spec.name);
  if (find(spec.name) != nullptr) fail(ErrorCode::invalid_option, "the option --{} is declared twice", spec.name);
  values_.push_back({spec.default_value, false});
  specs_.push_back(std::move(spec));
}

const OptionSpec* Options::find(std::string_view name) const noexcept {
  const std::string wanted = canonical(name);
  for (const OptionSpec& spec : specs_) {
    if (spec.name == wanted) return &spec;
    for (const std::string& alias : spec.aliases)
      if (canonical(alias) == wanted) return &spec;
  }
  return nullptr;
}

std::size_t Options::index(std::string_view name) const {
  if (const OptionSpec* spec = find(name)) return static_cast<std::size_t>(spec - specs_.data());
  std::vector<std::string> known;
  for (const OptionSpec& spec : specs_) known.push_back(spec.name);
  const std::string nearest = nearest_name(canonical(name), known);
  fail(ErrorCode::invalid_option, "there is no option --{}{}", name,
       nearest.empty() ? "; --help lists them" : "; did you mean --" + nearest + "?");
}

void Options::set(std::string_view name, std::string_view value) {
  const std::size_t i = index(name);
  check(specs_[i], value);
  values_[i] = {std::string(value), true};
}

bool Options::given(std::string_view name) const { return values_[index(name)].given; }

bool Options::flag(std::string_view name) const {
  bool value = false;
  parse_flag(text(name), value);
  return value;
}

const std::string& Options::text(std::string_view name) const { return values_[index(name)].text; }

std::int64_t Options::integer(std::string_view name) const {
  std::int64_t value = 0;
  parse(std::string_view(text(name)), value);
  return value;
}

double Options::number(std::string_view name) const {
  double value = 0;
  parse(std::string_view(text(name)), value);
  return value;
}

std::vector<std::string> Options::list(std::string_view name) const {
  std::vector<std::string> items;
  std::string_view rest = text(name);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (comma != 0) items.emplace_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return items;
}

nlohmann::json Options::to_json() const {
  nlohmann::json values = nlohmann::json::object();
  for (const OptionSpec& spec : specs_) {
    const bool unset =
        text(spec.name).empty() && spec.kind != OptionSpec::Kind::text && spec.kind != OptionSpec::Kind::list;
    if (unset) continue;
    switch (spec.kind) {
      case OptionSpec::Kind::flag:
        values[spec.name] = flag(spec.name);
        break;
      case OptionSpec::Kind::integer:
        values[spec.name] = integer(spec.name);
        break;
      case OptionSpec::Kind::number:
        values[spec.name] = number(spec.name);
        break;
      case OptionSpec::Kind::text:
        values[spec.name] = text(spec.name);
        break;
      case OptionSpec::Kind::list:
        values[spec.name] = list(spec.name);
        break;
    }
  }
  return values;
}

void Options::merge_json(const nlohmann::json& values) {
  if (!values.is_object())
    fail(ErrorCode::invalid_option, "options in JSON are an object {{\"name\": value}}, not {}", values.dump());
  for (const auto& [name, value] : values.items()) {
    index(name);
    if (!value.is_null()) set(name, as_text(value));
  }
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  std::string best;
  std::size_t best_distance = 4;
  for (const std::string& candidate : known) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= name.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t substituted = diagonal + (name[i - 1] == candidate[j - 1] ? 0U : 1U);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace gpt
