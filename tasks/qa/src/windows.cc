#include "windows.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gptask/toolkit/utf8.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

std::int32_t end_token(const gpt::Tokenizer& tokenizer, const std::string& extract) {
  if (const auto given = special_token(tokenizer, extract)) return *given;
  if (const auto eos = tokenizer.eos()) return *eos;
  const auto line = tokenizer.encode("\n");
  if (line.empty()) fail(ErrorCode::unsupported, "this tokenizer has neither an end-of-text token nor a new line");
  return line.back();
}

}  // namespace

Windows::Windows(WindowOptions options, const gpt::Tokenizer& tokenizer, std::int64_t max_tokens, std::string source)
    : options_(std::move(options)),
      tokenizer_(tokenizer),
      max_tokens_(max_tokens),
      start_token_(special_token(tokenizer, options_.tokens.start)),
      end_token_(end_token(tokenizer, options_.tokens.extract)),
      data_(std::make_unique<QaData>(tokenizer, options_.separator)) {
  data_->source = std::move(source);
}

void Windows::set_passage(std::string text) {
  passage_.encoding = tokenizer_.encode_with_offsets(text);
  passage_.text = std::move(text);
  data_->add_passage(passage_.text);
}

void Windows::add(const Question& question, const std::string& where) {
  std::vector<std::int32_t> prefix = tokenizer_.encode(question.text, true);
  if (prefix.empty()) fail(ErrorCode::malformed, "{}: the question is empty", where);
  if (static_cast<std::int64_t>(prefix.size()) > options_.max_query_length) {
    prefix.resize(static_cast<std::size_t>(options_.max_query_length));
    data_->count_truncated(
        fmt::format("question longer than {} tokens (--max_query_length)", options_.max_query_length));
  }
  if (start_token_) prefix.insert(prefix.begin(), *start_token_);
  const auto separator = tokenizer_.encode(data_->separator());
  prefix.insert(prefix.end(), separator.begin(), separator.end());
  const std::int64_t room = max_tokens_ - static_cast<std::int64_t>(prefix.size()) - 1;
  const auto tokens = static_cast<std::int64_t>(passage_.encoding.ids.size());
  if (room < 1 || (tokens > room && room <= options_.doc_stride))
    fail(ErrorCode::invalid_option,
         "{}: --max_seq_length {} leaves {} tokens for the passage beside a question of {}, and windows share "
         "--doc_stride {}; raise the first or lower the second",
         where, max_tokens_, std::max<std::int64_t>(room, 0), prefix.size(), options_.doc_stride);
  data_->add_question(question);
  for (std::int64_t begin = 0;; begin += room - options_.doc_stride) {
    const std::int64_t end = std::min(tokens, begin + room);
    add_window(question, prefix, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
    if (end == tokens) break;
  }
}

void Windows::add_window(const Question& question, const std::vector<std::int32_t>& prefix, std::uint32_t begin,
                         std::uint32_t end) {
  const gpt::Encoding& encoding = passage_.encoding;
  gpt::Example example;
  example.tokens = prefix;
  example.tokens.insert(example.tokens.end(), encoding.ids.begin() + begin, encoding.ids.begin() + end);
  example.tokens.push_back(end_token_);
  const auto first_token = static_cast<std::uint32_t>(prefix.size());
  if (question.known) {
    const auto last = static_cast<std::int32_t>(example.tokens.size()) - 1;
    example.target.first = example.target.last = last;  // no answer here
    const gpt::Range answer = question.first_answer;
    const auto in = [&](std::uint32_t t, std::uint32_t byte) {
      return encoding.bytes[t].begin <= byte && byte < encoding.bytes[t].end;
    };
    std::int32_t from = -1, to = -1;
    for (std::uint32_t t = begin; t < end && answer.begin < answer.end; ++t) {
      const auto place = static_cast<std::int32_t>(first_token + t - begin);
      if (from < 0 && in(t, answer.begin)) from = place;
      if (in(t, answer.end - 1)) to = place;
    }
    if (from >= 0 && to >= from) {
      example.target.first = from;
      example.target.last = to;
    }
  }
  data_->add_window(std::move(example), begin, end, first_token);
}

gpt::Range locate(const Passage& passage, const std::string& answer, std::int64_t start, const std::string& where) {
  const std::size_t at =
      start < 0 ? std::string_view::npos : utf8_position(passage.text, static_cast<std::size_t>(start));
  if (at == std::string_view::npos || passage.text.compare(at, answer.size(), answer) != 0)
    fail(ErrorCode::malformed,
         "{}: the answer \"{}\" does not stand at character {} of the passage; starts are counted in Unicode code "
         "points from 0",
         where, answer, start);
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + answer.size())};
}

}  // namespace gptask
