#include "text/json_parts.h"

namespace gpt::text {

namespace {

/// A template adds a handful; a file that repeats a long list many times must not grow without end.
constexpr std::size_t kMostAdded = 1000;

/// The ids that a special token of a template stands for.
void read_template_token(const JsonFields& part, const JsonFields& special_tokens, std::vector<std::int32_t>& ids) {
  const std::string name = part.text("id");
  for (const auto& entry : special_tokens.object(name.c_str()).array("ids")) {
    const auto id = token_id(entry);
    if (!id) special_tokens.object(name.c_str()).wrong("ids", "a list of ids");
    if (ids.size() == kMostAdded)
      unsupported_part(part.where(), fmt::format("a template of more than {} tokens", kMostAdded));
    ids.push_back(*id);
  }
}

void read_template(const JsonFields& part, PostProcessorSpec& spec) {
  bool text_seen = false;
  std::size_t index = 0;
  for (const auto& entry : part.array("single")) {
    const JsonFields step(entry, fmt::format("{}: single[{}]", part.where(), index++));
    if (step.find("SpecialToken") != nullptr) {
      read_template_token(step.object("SpecialToken"), part.object("special_tokens"),
                          text_seen ? spec.after : spec.before);
    } else if (step.object("Sequence").text("id") != "A" || text_seen) {
      unsupported_part(step.where(), "a template that holds anything but the text A once");
    } else {
      text_seen = true;
    }
  }
  if (!text_seen) unsupported_part(part.where(), "a template without the text A");
}

}  // namespace

PostProcessorSpec read_post_processor(const JsonFields& file) {
  PostProcessorSpec spec;
  if (file.find("post_processor") == nullptr) return spec;
  for_each_part(file.object("post_processor"), "processors", [&spec](const JsonFields& part) {
    const std::string type = part.text("type");
    if (type == "ByteLevel") {
      spec.byte_level = true;
      spec.trim_offsets = part.flag("trim_offsets", true);
      spec.add_prefix_space = part.flag("add_prefix_space", true);
    } else if (type == "TemplateProcessing") {
      read_template(part, spec);
    } else {
      unsupported_part(part.where(), fmt::format("the type '{}'", type));
    }
  });
  return spec;
}

}  // namespace gpt::text
