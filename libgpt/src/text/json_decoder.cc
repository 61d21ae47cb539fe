#include "text/json_parts.h"

namespace gpt::text {

namespace {

using Kind = DecoderStep::Kind;
using Json = nlohmann::ordered_json;

std::uint32_t read_count(const JsonFields& part, const char* key) {
  const auto* found = part.find(key);
  if (found == nullptr || !found->is_number_unsigned() || found->get<std::uint64_t>() > 0xFFFFFFFF) {
    part.wrong(key, "a count");
  }
  return found->get<std::uint32_t>();
}

DecoderStep read_step(const JsonFields& part) {
  const std::string type = part.text("type");
  DecoderStep step;
  if (type == "ByteLevel") {
    step.kind = Kind::byte_level;
  } else if (type == "Metaspace") {
    step.kind = Kind::metaspace;
    step.content = read_character(part, "replacement", "\u2581");
    step.scheme = read_scheme(part);
  } else if (type == "Replace") {
    step.kind = Kind::replace;
    step.pattern = read_pattern(part);
    step.content = part.text("content");
  } else if (type == "ByteFallback") {
    step.kind = Kind::byte_fallback;
  } else if (type == "Fuse") {
    step.kind = Kind::fuse;
  } else if (type == "Strip") {
    step.kind = Kind::strip;
    step.content = read_character(part, "content", " ");
    step.start = read_count(part, "start");
    step.stop = read_count(part, "stop");
  } else {
    unsupported_part(part.where(), fmt::format("the type '{}'", type));
  }
  return step;
}

Json step_json(const DecoderStep& step) {
  switch (step.kind) {
    case Kind::byte_level:
      return byte_level_json(true, true, true);
    case Kind::metaspace:
      return {{"type", "Metaspace"},
              {"replacement", step.content},
              {"prepend_scheme", scheme_json(step.scheme)},
              {"split", true}};
    case Kind::replace:
      return {{"type", "Replace"}, {"pattern", pattern_json(step.pattern)}, {"content", step.content}};
    case Kind::byte_fallback:
      return {{"type", "ByteFallback"}};
    case Kind::fuse:
      return {{"type", "Fuse"}};
    case Kind::strip:
      return {{"type", "Strip"}, {"content", step.content}, {"start", step.start}, {"stop", step.stop}};
  }
  return nullptr;
}

}  // namespace

std::vector<DecoderStep> read_decoder(const JsonFields& file) {
  std::vector<DecoderStep> steps;
  if (file.find("decoder") == nullptr) return steps;
  for_each_part(file.object("decoder"), "decoders",
                [&steps](const JsonFields& part) { steps.push_back(read_step(part)); });
  return steps;
}

Json decoder_json(const std::vector<DecoderStep>& steps) {
  Json parts = Json::array();
  for (const DecoderStep& step : steps) parts.push_back(step_json(step));
  return sequence_json(std::move(parts), "decoders");
}

}  // namespace gpt::text
