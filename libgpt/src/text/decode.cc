#include "text/decode.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "text/byte_alphabet.h"
#include "text/unicode.h"

namespace gpt::text {

namespace {

using Kind = DecoderStep::Kind;

std::string joined(const std::vector<std::string>& tokens) {
  return std::accumulate(tokens.begin(), tokens.end(), std::string());
}

std::string valid(const std::string& bytes) {
  return find_invalid_utf8(bytes) == bytes.size() ? bytes : repair_utf8(bytes).text;
}

/// The byte that a token like <0x0A> or <0x0a> stands for.
std::optional<char> byte_of(const std::string& token) {
  if (token.size() != 6 || token.compare(0, 3, "<0x") != 0 || token[5] != '>') return std::nullopt;
  const std::string digits = token.substr(3, 2);
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return std::nullopt;
  return static_cast<char>(std::stoi(digits, nullptr, 16));
}

/// Runs of byte tokens become the text they spell, or one U+FFFD a byte where they spell none.
void join_bytes(std::vector<std::string>& tokens) {
  std::vector<std::string> result;
  std::string bytes;
  const auto flush = [&] {
    if (find_invalid_utf8(bytes) == bytes.size()) {
      if (!bytes.empty()) result.push_back(bytes);
    } else {
      result.insert(result.end(), bytes.size(), "\uFFFD");
    }
    bytes.clear();
  };
  for (std::string& token : tokens) {
    if (const auto byte = byte_of(token)) {
      bytes.push_back(*byte);
      continue;
    }
    flush();
    result.push_back(std::move(token));
  }
  flush();
  tokens = std::move(result);
}

/// The replacement becomes a space again, except in the first token, if one was put in front there.
void restore_spaces(const DecoderStep& step, std::vector<std::string>& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool drop = i == 0 && step.scheme != PrependScheme::never;
    std::string text;
    for (std::size_t at = 0; at < tokens[i].size();) {
      const std::size_t size = utf8_size(tokens[i][at]);
      if (tokens[i].compare(at, size, step.content) != 0) {
        text.append(tokens[i], at, size);
      } else if (!drop) {
        text += ' ';
      }
      at += size;
    }
    tokens[i] = std::move(text);
  }
}

std::string replaced(const Matcher& matcher, const std::string& content, const std::string& token) {
  std::vector<Match> matches;
  matcher.find(token, matches);
  std::string text;
  for (const Match& match : matches) {
    text += match.is_match ? content : token.substr(match.begin, match.end - match.begin);
  }
  return text;
}

std::string stripped(const DecoderStep& step, const std::string& token) {
  const std::size_t size = step.content.size();
  std::size_t begin = 0, end = token.size();
  for (std::uint32_t i = 0; i < step.start && token.compare(begin, size, step.content) == 0; ++i) begin += size;
  for (std::uint32_t i = 0; i < step.stop && end >= begin + size; ++i) {
    if (token.compare(end - size, size, step.content) != 0) break;
    end -= size;
  }
  return token.substr(begin, end - begin);
}

}  // namespace

Decoder::Decoder(const std::vector<DecoderStep>& steps) {
  for (const DecoderStep& spec : steps) {
    steps_.push_back({spec, {}});
    if (spec.kind == Kind::replace) steps_.back().matcher.emplace_back(spec.pattern);
  }
}

bool Decoder::is_byte_level() const { return steps_.size() == 1 && steps_.front().spec.kind == Kind::byte_level; }

void Decoder::Step::apply(std::vector<std::string>& tokens) const {
  switch (spec.kind) {
    case Kind::byte_level:
      for (std::string& token : tokens) token = from_byte_alphabet(token).value_or(token);
      tokens = {valid(joined(tokens))};
      break;
    case Kind::metaspace:
      restore_spaces(spec, tokens);
      break;
    case Kind::replace:
      for (std::string& token : tokens) token = replaced(matcher.front(), spec.content, token);
      break;
    case Kind::byte_fallback:
      join_bytes(tokens);
      break;
    case Kind::fuse:
      tokens = {joined(tokens)};
      break;
    case Kind::strip:
      for (std::string& token : tokens) token = stripped(spec, token);
      break;
  }
}

std::string Decoder::decode(std::vector<std::string> tokens) const {
  if (steps_.empty()) {
    for (std::size_t i = 1; i < tokens.size(); ++i) tokens[i].insert(0, 1, ' ');
  }
  for (const Step& step : steps_) step.apply(tokens);
  return joined(tokens);
}

}  // namespace gpt::text
