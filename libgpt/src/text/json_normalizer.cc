#include <array>
#include <utility>

#include "text/json_parts.h"

namespace gpt::text {

namespace {

using Kind = NormalizerStep::Kind;
using Json = nlohmann::ordered_json;

constexpr std::array kNames{std::pair{Kind::nfc, "NFC"},
                            std::pair{Kind::nfd, "NFD"},
                            std::pair{Kind::nfkc, "NFKC"},
                            std::pair{Kind::nfkd, "NFKD"},
                            std::pair{Kind::lowercase, "Lowercase"},
                            std::pair{Kind::prepend, "Prepend"},
                            std::pair{Kind::replace, "Replace"},
                            std::pair{Kind::strip, "Strip"}};

Kind kind_of(const JsonFields& part) {
  const std::string type = part.text("type");
  for (const auto& [kind, name] : kNames) {
    if (type == name) return kind;
  }
  unsupported_part(part.where(), fmt::format("the type '{}'", type));
}

}  // namespace

std::vector<NormalizerStep> read_normalizer(const JsonFields& file) {
  std::vector<NormalizerStep> steps;
  if (file.find("normalizer") == nullptr) return steps;
  for_each_part(file.object("normalizer"), "normalizers", [&steps](const JsonFields& part) {
    NormalizerStep step;
    step.kind = kind_of(part);
    if (step.kind == Kind::prepend) step.content = part.text("prepend");
    if (step.kind == Kind::replace) {
      step.pattern = read_pattern(part);
      step.content = part.text("content");
    }
    if (step.kind == Kind::strip) {
      step.left = part.flag("strip_left", true);
      step.right = part.flag("strip_right", true);
    }
    steps.push_back(step);
  });
  return steps;
}

Json normalizer_json(const std::vector<NormalizerStep>& steps) {
  Json parts = Json::array();
  for (const NormalizerStep& step : steps) {
    Json part;
    for (const auto& [kind, name] : kNames) {
      if (kind == step.kind) part["type"] = name;
    }
    if (step.kind == Kind::prepend) part["prepend"] = step.content;
    if (step.kind == Kind::replace) {
      part["pattern"] = pattern_json(step.pattern);
      part["content"] = step.content;
    }
    if (step.kind == Kind::strip) {
      part["strip_left"] = step.left;
      part["strip_right"] = step.right;
    }
    parts.push_back(std::move(part));
  }
  return sequence_json(std::move(parts), "normalizers");
}

}  // namespace gpt::text
