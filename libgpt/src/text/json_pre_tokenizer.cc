#include <array>
#include <utility>

#include "text/json_parts.h"
#include "text/patterns.h"

namespace gpt::text {

namespace {

using Kind = PreTokenizerStep::Kind;
using Json = nlohmann::ordered_json;

constexpr const char* kSpace = "\u2581";

constexpr std::array kBehaviors{std::pair{Behavior::removed, "Removed"}, std::pair{Behavior::isolated, "Isolated"},
                                std::pair{Behavior::merged_with_previous, "MergedWithPrevious"},
                                std::pair{Behavior::merged_with_next, "MergedWithNext"},
                                std::pair{Behavior::contiguous, "Contiguous"}};

Behavior read_behavior(const JsonFields& part, const std::string& otherwise) {
  const std::string text = part.text_or("behavior", otherwise);
  for (const auto& [behavior, name] : kBehaviors) {
    if (text == name) return behavior;
  }
  part.wrong("behavior", "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
}

const char* name_of(Behavior behavior) {
  for (const auto& [known, name] : kBehaviors) {
    if (known == behavior) return name;
  }
  return "";
}

PreTokenizerStep read_split(const JsonFields& part) {
  PreTokenizerStep step;
  step.pattern = read_pattern(part);
  step.behavior = read_behavior(part, "");
  step.invert = part.flag("invert", false);
  return canonical_step(std::move(step));
}

PreTokenizerStep read_metaspace(const JsonFields& part) {
  PreTokenizerStep step;
  step.kind = Kind::metaspace;
  step.replacement = read_character(part, "replacement", kSpace);
  step.scheme = read_scheme(part);
  step.cut = part.flag("split", true);
  return step;
}

PreTokenizerStep read_step(const JsonFields& part) {
  const std::string type = part.text("type");
  if (type == "Split") return read_split(part);
  if (type == "Metaspace") return read_metaspace(part);
  PreTokenizerStep step;
  if (type == "Digits") {
    step.kind = Kind::digits;
    step.each = part.flag("individual_digits", false);
  } else if (type == "Punctuation") {
    step.kind = Kind::punctuation;
    step.behavior = read_behavior(part, "Isolated");
  } else if (type == "Whitespace") {
    step.kind = Kind::whitespace;
  } else if (type == "WhitespaceSplit") {
    step.kind = Kind::whitespace_split;
  } else {
    unsupported_part(part.where(), fmt::format("the type '{}'", type));
  }
  return step;
}

Json step_json(const PreTokenizerStep& step) {
  switch (step.kind) {
    case Kind::split:
      return {{"type", "Split"},
              {"pattern", pattern_json(step.pattern)},
              {"behavior", name_of(step.behavior)},
              {"invert", step.invert}};
    case Kind::digits:
      return {{"type", "Digits"}, {"individual_digits", step.each}};
    case Kind::punctuation:
      return {{"type", "Punctuation"}, {"behavior", name_of(step.behavior)}};
    case Kind::whitespace:
      return {{"type", "Whitespace"}};
    case Kind::whitespace_split:
      return {{"type", "WhitespaceSplit"}};
    case Kind::metaspace:
      return {{"type", "Metaspace"},
              {"replacement", step.replacement},
              {"prepend_scheme", scheme_json(step.scheme)},
              {"split", step.cut}};
  }
  return nullptr;
}

}  // namespace

PreTokenizerSpec read_pre_tokenizer(const JsonFields& file) {
  PreTokenizerSpec spec;
  spec.byte_level = false;
  if (file.find("pre_tokenizer") == nullptr) return spec;
  for_each_part(file.object("pre_tokenizer"), "pretokenizers", [&](const JsonFields& part) {
    const std::string type = part.text("type");
    if (spec.byte_level) unsupported_part(part.where(), fmt::format("the type '{}' after ByteLevel", type));
    if (type != "ByteLevel") {
      spec.steps.push_back(read_step(part));
      return;
    }
    spec.byte_level = true;
    spec.add_prefix_space = part.flag("add_prefix_space", true);
    spec.use_regex = part.flag("use_regex", true);
  });
  return spec;
}

Json pre_tokenizer_json(const PreTokenizerSpec& spec) {
  Json parts = Json::array();
  for (const PreTokenizerStep& step : spec.steps) parts.push_back(step_json(step));
  if (spec.byte_level) parts.push_back(byte_level_json(spec.add_prefix_space, true, spec.use_regex));
  return sequence_json(std::move(parts), "pretokenizers");
}

}  // namespace gpt::text
