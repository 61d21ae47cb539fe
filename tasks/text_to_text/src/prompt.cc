#include "gptask/text_to_text/prompt.h"

#include <algorithm>

#include "gpt/core/error.h"

namespace gptask {
namespace {

constexpr std::string_view source_mark = "{source}";

void append(std::vector<std::int32_t>& to, const std::vector<std::int32_t>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Prompt::Prompt(const PromptOptions& options, const gpt::Tokenizer& tokenizer, std::int64_t max_tokens)
    : tokenizer_(&tokenizer) {
  const std::size_t at = options.text.find(source_mark);
  if (at == std::string::npos)
    gpt::fail(gpt::ErrorCode::invalid_option, "--prompt_template \"{}\" has no {{source}}: the text would not be read",
              options.text);
  before_ = options.text.substr(0, at);
  after_ = options.text.substr(at + source_mark.size());
  before_tokens_ = tokenizer.encode(before_, true);
  if (const auto start = special_token(tokenizer, options.tokens.start))
    before_tokens_.insert(before_tokens_.begin(), *start);
  if (const auto delimiter = special_token(tokenizer, options.tokens.delimiter)) after_tokens_ = {*delimiter};
  append(after_tokens_, tokenizer.encode(after_));
  if (const auto extract = special_token(tokenizer, options.tokens.extract)) after_tokens_.push_back(*extract);
  before_.insert(0, options.tokens.start);
  after_ = options.tokens.delimiter + after_ + options.tokens.extract;
  const std::int64_t room =
      max_tokens - static_cast<std::int64_t>(before_tokens_.size() + after_tokens_.size()) - options.max_target_length;
  if (room < 1)
    gpt::fail(gpt::ErrorCode::invalid_option,
              "--max_seq_length {} leaves no room for a source beside a template of {} tokens and --max_target_length "
              "{}; lower that one",
              max_tokens, before_tokens_.size() + after_tokens_.size(), options.max_target_length);
  const bool asked = options.max_source_length > 0 && options.max_source_length <= room;
  source_room_ = static_cast<std::size_t>(asked ? options.max_source_length : room);
  target_room_ = static_cast<std::size_t>(options.max_target_length);
  source_limit_ = fmt::format("source longer than {} tokens ({})", source_room_,
                              asked ? "--max_source_length" : "what --max_seq_length leaves beside the target");
  target_limit_ = fmt::format("target longer than {} tokens (--max_target_length)", target_room_);
}

Prompt::Built Prompt::build(std::string_view source, const std::optional<std::string>& target) const {
  Built built;
  std::vector<std::int32_t>& tokens = built.example.tokens;
  std::vector<std::int32_t> body = tokenizer_->encode(source);
  built.source_cut = body.size() > source_room_;
  body.resize(std::min(body.size(), source_room_));
  tokens = before_tokens_;
  append(tokens, body);
  append(tokens, after_tokens_);
  built.example.target.loss_from = static_cast<std::int32_t>(tokens.size());
  if (!target) return built;
  std::vector<std::int32_t> answer = tokenizer_->encode(" " + *target);
  const std::size_t end = tokenizer_->eos() ? 1 : 0;
  if (answer.size() + end > target_room_) {
    answer.resize(target_room_ - end);
    built.target_cut = true;
  }
  append(tokens, answer);
  if (end > 0) tokens.push_back(*tokenizer_->eos());
  return built;
}

}  // namespace gptask
