// A tokenizer for tests: a token a word and a token a line break, so that counts can be checked by eye.
#pragma once

#include <map>
#include <string>

#include "gpt/text/tokenizer.h"

namespace gpt::test {

class WordTokenizer : public Tokenizer {
 public:
  explicit WordTokenizer(bool has_end = true) : has_end_(has_end) {}

  std::vector<std::int32_t> encode(std::string_view text, bool special) const override {
    return encode_with_offsets(text, special).ids;
  }
  Encoding encode_with_offsets(std::string_view text, bool) const override {
    Encoding encoding;
    for (std::size_t i = 0; i < text.size();) {
      if (text[i] == ' ') {
        ++i;
        continue;
      }
      std::size_t end = text[i] == '\n' ? i + 1 : std::min(text.find_first_of(" \n", i), text.size());
      const auto found =
          words_.try_emplace(std::string(text.substr(i, end - i)), static_cast<std::int32_t>(words_.size()) + 1);
      encoding.ids.push_back(found.first->second);
      encoding.bytes.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(end)});
      encoding.code_points.push_back({code_points(text.substr(0, i)), code_points(text.substr(0, end))});
      i = end;
    }
    return encoding;
  }
  std::string decode(std::span<const std::int32_t> ids, bool) const override {
    std::string text;
    for (const std::int32_t id : ids) text += (text.empty() ? "" : " ") + token(id);
    return text;
  }
  std::size_t vocabulary_size() const override { return words_.size() + 1; }
  std::optional<std::int32_t> id_of(std::string_view token) const override {
    const auto found = words_.find(std::string(token));
    return found == words_.end() ? std::nullopt : std::optional(found->second);
  }
  std::string token(std::int32_t id) const override {
    for (const auto& [word, number] : words_) {
      if (number == id) return word == "\n" ? "/" : word;
    }
    return "<end>";
  }
  bool is_special(std::int32_t id) const override { return id == 0; }
  void save(const std::filesystem::path&) const override {}
  std::string hash() const override { return "words"; }
  const std::string& chat_template() const override { return template_; }
  std::optional<std::int32_t> bos() const override { return std::nullopt; }
  std::optional<std::int32_t> eos() const override { return has_end_ ? std::optional(0) : std::nullopt; }
  std::optional<std::int32_t> pad() const override { return std::nullopt; }

 private:
  static std::uint32_t code_points(std::string_view text) {
    std::uint32_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    return count;
  }

  bool has_end_;
  std::string template_;
  mutable std::map<std::string, std::int32_t> words_;
};

}  // namespace gpt::test
