// The regular expressions of the known pre-tokenizers as state machines. Each cuts [at, end), valid UTF-8, into words
// and calls emit(begin, end) for every one; words cover the text.
#pragma once

#include <string_view>

#include "text/unicode.h"

namespace gpt::text {

/// The length of 's 't 'm 'd 're 've 'll at an apostrophe, or 0.
inline int contraction_size(const char* at, const char* end) {
  if (end - at < 2) return 0;
  const char first = at[1];
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if (end - at < 3) return 0;
  const char second = at[2];
  if ((first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l')) return 3;
  return 0;
}

/// The same in any case; U+017F (long s) is an s to a regular expression that ignores case.
inline int contraction_size_any_case(const char* at, const char* end) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (end - at >= 3 && at[1] == '\xC5' && at[2] == '\xBF') return 3;
  if (end - at < 2) return 0;
  const char folded[3] = {'\'', lower(at[1]), end - at > 2 ? lower(at[2]) : '\0'};
  return contraction_size(folded, folded + 3);
}

/// The end of the run of characters from `at` that satisfy the condition.
template <typename Condition>
const char* run_end(const char* at, const char* end, const CharTable& table, Condition condition) {
  while (at < end) {
    const Char c = table.at(at);
    if (!condition(c.kind)) break;
    at += c.size;
  }
  return at;
}

/// \s+(?!\S)|\s+ from `at`, where the run of white space is [at, run): all of it at the end of the text, else all but
/// the last character, if that leaves any.
inline const char* space_word_end(const char* at, const char* run, bool at_end) {
  if (at_end) return run;
  const char* last = run - 1;
  while (is_continuation(*last)) --last;
  return last > at ? last : run;
}

/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// (openai/gpt-2, encoder.py). With each_number, number characters are first cut out one by one.
template <bool each_number, typename Emit>
void scan_gpt2(const char* at, const char* end, const CharTable& table, Emit emit) {
  while (at < end) {
    const char* begin = at;
    if (*at == '\'') {
      if (const int size = contraction_size(at, end); size > 0) {
        emit(begin, at += size);
        continue;
      }
    }
    Char c = table.at(at);
    if (*at == ' ' && at + 1 < end) {
      const Char next = table.at(at + 1);
      if (!is_space(next.kind) && !(each_number && next.kind == CharKind::number)) {
        ++at;
        c = next;
      }
    }
    if (is_space(c.kind)) {
      const char* run = run_end(at + c.size, end, table, is_space);
      at = space_word_end(at, run, run == end || (each_number && table.at(run).kind == CharKind::number));
    } else {
      at += c.size;
      if (!each_number || c.kind != CharKind::number) {
        at = run_end(at, end, table, [c](CharKind kind) { return kind == c.kind; });
      }
    }
    emit(begin, at);
  }
}

/// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// (Llama 3's tokenizer.json; cl100k of openai/tiktoken). Qwen2 has \p{N} instead: max_numbers 1.
template <int max_numbers, typename Emit>
void scan_llama3(const char* at, const char* end, const CharTable& table, Emit emit) {
  const auto is_letter = [](CharKind kind) { return kind == CharKind::letter; };
  const auto is_other = [](CharKind kind) { return kind == CharKind::other; };
  while (at < end) {
    const char* begin = at;
    if (*at == '\'') {
      if (const int size = contraction_size_any_case(at, end); size > 0) {
        emit(begin, at += size);
        continue;
      }
    }
    const Char c = table.at(at);
    at += c.size;
    const bool more = at < end;
    if (c.kind == CharKind::letter ||
        (c.kind != CharKind::newline && c.kind != CharKind::number && more && is_letter(table.at(at).kind))) {
      at = run_end(at, end, table, is_letter);
    } else if (c.kind == CharKind::number) {
      for (int count = 1; count < max_numbers && at < end && table.at(at).kind == CharKind::number; ++count) {
        at += utf8_size(*at);
      }
    } else if (c.kind == CharKind::other || (*begin == ' ' && more && is_other(table.at(at).kind))) {
      at = run_end(at, end, table, is_other);
      while (at < end && (*at == '\r' || *at == '\n')) ++at;
    } else {
      const char* run = run_end(at, end, table, is_space);
      const char* newline = run;
      while (newline > begin && newline[-1] != '\n' && newline[-1] != '\r') --newline;
      at = newline > begin ? newline : space_word_end(begin, run, run == end);
    }
    emit(begin, at);
  }
}

/// Number characters (\p{N}) cut out one by one or in runs.
template <bool each, typename Emit>
void scan_numbers(const char* at, const char* end, const CharTable& table, Emit emit) {
  while (at < end) {
    const char* begin = at;
    const Char c = table.at(at);
    const bool number = c.kind == CharKind::number;
    at += c.size;
    if (!each || !number) {
      at = run_end(at, end, table, [number](CharKind kind) { return (kind == CharKind::number) == number; });
    }
    emit(begin, at);
  }
}

/// Words that begin at each occurrence of a string.
template <typename Emit>
void scan_replacement(const char* at, const char* end, std::string_view replacement, Emit emit) {
  while (at < end) {
    const char* begin = at;
    const std::string_view rest(begin, static_cast<std::size_t>(end - begin));
    const std::size_t next = rest.find(replacement, utf8_size(*begin));
    at = next == std::string_view::npos ? end : begin + next;
    emit(begin, at);
  }
}

}  // namespace gpt::text
