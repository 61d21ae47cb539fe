#include "gptask/text_to_text/task.h"

#include "gpt/core/error.h"
#include "gpt/head/language_model_head.h"
#include "gpt/model/decoder.h"
#include "gptask/toolkit/escapes.h"

namespace gptask {

using gpt::ErrorCode;
using gpt::fail;

namespace {

/// The whole input for a reader.
std::string shown(const PromptOptions& prompt) {
  constexpr std::string_view source = "{source}";
  std::string text = prompt.text;
  if (const std::size_t at = text.find(source); at != std::string::npos)
    text.insert(at + source.size(), prompt.tokens.delimiter);
  return prompt.tokens.start + text + prompt.tokens.extract;
}

}  // namespace

void TextToTextTask::declare_options(gpt::Options& options) const {
  using Kind = gpt::OptionSpec::Kind;
  declare_read_options(options);
  options.declare({"prompt_template",
                   Kind::text,
                   "",
                   "What the model reads; {source} stands for the text (\\n: new line)",
                   {},
                   {}});
  options.declare({"source_prefix", Kind::text, "", "Text in front of the template", {}, {}});
  SpecialTokens::declare(options, "A special token after the source",
                         "A special token at the end of what is read: the model writes from there");
  options.declare({"source_column", Kind::text, "", "Column with the text to read", {}, {"text_column"}});
  options.declare({"target_column",
                   Kind::list,
                   "",
                   "Column with the text to write; several (a,b) are references of one text",
                   {},
                   {"summary_column"}});
  options.declare({"max_source_length", Kind::integer, "1024", "Longest source, in tokens; 0: what fits", {}, {}});
  options.declare({"max_target_length",
                   Kind::integer,
                   "128",
                   "Longest target and longest answer, in tokens",
                   {},
                   {"val_max_target_length", "max_new_tokens", "generation_max_length"}});
  options.declare({"min_new_tokens", Kind::integer, "0", "Shortest answer, in tokens", {}, {}});
  options.declare({"num_beams", Kind::integer, "1", "Beams of the search; 1: greedy", {}, {"generation_num_beams"}});
  options.declare({"length_penalty", Kind::number, "1", "Above 1 longer answers win, below shorter ones", {}, {}});
  options.declare({"no_repeat_ngram_size", Kind::integer, "0", "No n-gram of this size occurs twice; 0: any", {}, {}});
  options.declare({"repetition_penalty", Kind::number, "1", "Above 1 words that occurred become less likely", {}, {}});
}

void TextToTextTask::configure(const gpt::Options& options) {
  format_ = read_options(options);
  const auto integer = [&](const char* name, std::int64_t least, auto& value) {
    if (!options.given(name)) return;
    const std::int64_t given = options.integer(name);
    if (given < least || given > 1'000'000)
      fail(ErrorCode::invalid_option, "--{} must be between {} and 1000000, not {}", name, least, given);
    value = static_cast<std::decay_t<decltype(value)>>(given);
  };
  if (options.given("prompt_template")) template_given_ = unescaped(options.text("prompt_template"));
  if (options.given("source_prefix")) {
    if (template_given_.empty()) template_given_ = usual_template();
    template_given_ = unescaped(options.text("source_prefix")) + template_given_;
  }
  lengths_.tokens.configure(options);
  if (options.given("source_column")) source_column_ = options.text("source_column");
  if (options.given("target_column")) target_columns_ = options.list("target_column");
  integer("max_source_length", 0, lengths_.max_source_length);
  integer("max_target_length", 2, lengths_.max_target_length);
  integer("min_new_tokens", 0, generation_.min_new_tokens);
  integer("num_beams", 1, generation_.num_beams);
  integer("no_repeat_ngram_size", 0, generation_.no_repeat_ngram_size);
  if (options.given("length_penalty")) generation_.length_penalty = options.number("length_penalty");
  if (options.given("repetition_penalty")) generation_.repetition_penalty = options.number("repetition_penalty");
  generation_.max_new_tokens = static_cast<std::int32_t>(lengths_.max_target_length);
}

PromptOptions TextToTextTask::prompt_options() const {
  PromptOptions options = lengths_;
  options.text = template_given_.empty() ? usual_template() : template_given_;
  return options;
}

nlohmann::ordered_json TextToTextTask::state() const {
  const PromptOptions prompt = prompt_options();
  return {{"template", shown(prompt)},
          {"prompt", prompt.text},
          {"tokens", prompt.tokens.state()},
          {"max_source_length", lengths_.max_source_length},
          {"max_target_length", lengths_.max_target_length},
          {"generation",
           {{"min_new_tokens", generation_.min_new_tokens},
            {"num_beams", generation_.num_beams},
            {"length_penalty", generation_.length_penalty},
            {"no_repeat_ngram_size", generation_.no_repeat_ngram_size},
            {"repetition_penalty", generation_.repetition_penalty}}},
          {"columns", {{"source", source_column_}, {"target", target_columns_}}}};
}

void TextToTextTask::restore(const nlohmann::ordered_json& state) try {
  state.at(state.contains("prompt") ? "prompt" : "template").get_to(template_given_);
  lengths_.tokens.restore(state);
  state.at("max_source_length").get_to(lengths_.max_source_length);
  state.at("max_target_length").get_to(lengths_.max_target_length);
  const auto& generation = state.at("generation");
  generation.at("min_new_tokens").get_to(generation_.min_new_tokens);
  generation.at("num_beams").get_to(generation_.num_beams);
  generation.at("length_penalty").get_to(generation_.length_penalty);
  generation.at("no_repeat_ngram_size").get_to(generation_.no_repeat_ngram_size);
  generation.at("repetition_penalty").get_to(generation_.repetition_penalty);
  state.at("columns").at("source").get_to(source_column_);
  state.at("columns").at("target").get_to(target_columns_);
  if (lengths_.max_source_length < 0 || lengths_.max_target_length < 2 || lengths_.max_target_length > 1'000'000)
    fail(ErrorCode::malformed, "the saved state of the task has lengths out of range: {}", state.dump());
  generation_.max_new_tokens = static_cast<std::int32_t>(lengths_.max_target_length);
} catch (const nlohmann::json::exception& error) {
  fail(ErrorCode::malformed, "the saved state of the task is damaged: {}; was it written by this task and version?",
       error.what());
}

std::unique_ptr<gpt::Head> TextToTextTask::make_head(gpt::Decoder& decoder, gpt::Random&) const {
  return std::make_unique<gpt::LanguageModelHead>(decoder.output_projection());
}

}  // namespace gptask
