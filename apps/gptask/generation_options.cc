#include "generation_options.h"

#include <algorithm>
#include <limits>

#include "gpt/core/error.h"
#include "gptask/toolkit/escapes.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;

void read(const gpt::Options& options, const char* name, double& value) {
  if (options.given(name)) value = options.number(name);
}
void read_sampling(const gpt::Options& options, gpt::GenerateOptions& o) {
  read(options, "temperature", o.temperature);
  read_count(options, "top_k", o.top_k);
  read(options, "top_p", o.top_p);
  read(options, "min_p", o.min_p);
  if (options.given("seed")) {
    if (options.integer("seed") < 0)
      gpt::fail(gpt::ErrorCode::invalid_option, "--seed must be 0 or more, not {}", options.integer("seed"));
    o.seed = static_cast<std::uint64_t>(options.integer("seed"));
  }
  for (const char* name : {"temperature", "top_k", "top_p", "min_p", "seed"})
    if (options.given(name)) o.do_sample = true;
  if (options.given("temperature") && o.temperature == 0) o.do_sample = false;
  if (options.given("num_beams") && o.num_beams > 1) o.do_sample = false;
  if (options.given("do_sample")) o.do_sample = options.flag("do_sample");
}

}  // namespace

void read_count(const gpt::Options& options, const char* name, std::int32_t& value) {
  if (!options.given(name)) return;
  const std::int64_t given = options.integer(name);
  if (given < 0 || given > std::numeric_limits<std::int32_t>::max())
    gpt::fail(gpt::ErrorCode::invalid_option, "--{} must be between 0 and {}, not {}", name,
              std::numeric_limits<std::int32_t>::max(), given);
  value = static_cast<std::int32_t>(given);
}

void declare_generation_options(gpt::Options& options) {
  const auto add = [&](const char* name, Kind kind, const char* help, std::vector<std::string> aliases = {}) {
    options.declare({name, kind, "", help, {}, std::move(aliases)});
  };
  add("max_new_tokens", Kind::integer, "at most so many; 256 where neither this nor the model says", {"length"});
  add("min_new_tokens", Kind::integer, "no end before so many");
  add("do_sample", Kind::flag, "draw tokens by probability; on where one of the next five is given");
  add("temperature", Kind::number, "below 1 the likely become likelier; 0 takes the likeliest");
  add("top_k", Kind::integer, "draw from so many likeliest tokens; 0: all; 50 where nobody says", {"k"});
  add("top_p", Kind::number, "draw from the likeliest tokens with this probability together", {"p"});
  add("min_p", Kind::number, "draw from tokens at least this part as likely as the likeliest");
  add("seed", Kind::integer, "the same seed draws the same text, with any number of threads");
  add("repetition_penalty", Kind::number, "above 1: tokens that occurred, the prompt's too, become unlikelier");
  add("presence_penalty", Kind::number, "taken off the logits of tokens that were written");
  add("frequency_penalty", Kind::number, "the same, once for each time");
  add("no_repeat_ngram_size", Kind::integer, "no run of so many tokens occurs twice");
  add("num_beams", Kind::integer, "search with so many beams");
  add("length_penalty", Kind::number, "of a beam search: log-probability / tokens^this ranks the beams");
  add("early_stopping", Kind::text, "of a beam search: true, false or never");
  add("stop_strings", Kind::text, "a text that ends the answer and is left out of it; may be repeated",
      {"stop", "stop_token"});
}

gpt::GenerateOptions generation_defaults() {
  gpt::GenerateOptions defaults;
  defaults.max_new_tokens = 256;
  return defaults;
}

gpt::GenerateOptions generation_options(const gpt::Options& options, const Arguments& arguments,
                                        const LanguageModel& model) {
  gpt::GenerateOptions o = model.options;
  o.tokenizer = model.tokenizer.get();
  read_count(options, "max_new_tokens", o.max_new_tokens);
  read_count(options, "min_new_tokens", o.min_new_tokens);
  read_count(options, "num_beams", o.num_beams);
  read_sampling(options, o);
  read(options, "repetition_penalty", o.repetition_penalty);
  read(options, "presence_penalty", o.presence_penalty);
  read(options, "frequency_penalty", o.frequency_penalty);
  read_count(options, "no_repeat_ngram_size", o.no_repeat_ngram_size);
  read(options, "length_penalty", o.length_penalty);
  if (options.given("early_stopping")) {
    const std::string& value = options.text("early_stopping");
    if (value != "true" && value != "false" && value != "never")
      gpt::fail(gpt::ErrorCode::invalid_option, "--early_stopping must be true, false or never, not \"{}\"", value);
    o.early_stopping = value == "never"  ? gpt::EarlyStopping::never
                       : value == "true" ? gpt::EarlyStopping::yes
                                         : gpt::EarlyStopping::no;
  }
  for (const std::string& stop : arguments.all("stop_strings")) o.stop_strings.push_back(unescaped(stop));
  return o;
}

void end_with_turns(gpt::GenerateOptions& options, const LanguageModel& model) {
  const gpt::ModelConfig& config = model.decoder->config();
  std::vector<std::int32_t> ends;
  if (options.eos_token_id)
    ends = *options.eos_token_id;
  else if (config.eos)
    ends.push_back(*config.eos);
  for (const char* token :
       {"<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"}) {
    const auto id = model.tokenizer->id_of(token);
    if (id && model.tokenizer->is_special(*id) && *id < config.vocabulary) ends.push_back(*id);
  }
  options.eos_token_id = std::move(ends);
}

gpt::ChatTemplate chat_template_of(const gpt::Options& options, const gpt::Tokenizer& tokenizer) {
  if (options.given("chat_template")) return gpt::ChatTemplate::named(options.text("chat_template"), tokenizer);
  try {
    return gpt::ChatTemplate::of(tokenizer);
  } catch (const gpt::Error& error) {
    gpt::fail(error.code(), "{}: --chat-template chatml, say", error.what());
  }
}

}  // namespace gptask::app
