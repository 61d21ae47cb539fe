#include "text/pipeline.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "gpt/core/error.h"
#include "gpt/core/hash.h"
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/canonical.h"

namespace gpt::text {

PipelineTokenizer::PipelineTokenizer(TokenizerSpec spec)
    : spec_(std::move(spec)),
      normalizer_(spec_.normalizer),
      pre_tokenizer_(spec_.pre_tokenizer),
      decoder_(spec_.decoder),
      places_matter_(pre_tokenizer_.asks_for_place(!normalizer_.empty())),
      model_(std::make_unique<Bpe>(spec_.model, spec_.pre_tokenizer.byte_level)) {
  std::size_t size = spec_.model.tokens.size();
  for (const AddedToken& token : spec_.added_tokens) size = std::max(size, static_cast<std::size_t>(token.id) + 1);
  tokens_.resize(size);
  add_vocabulary();
  add_added_tokens();
  if (!spec_.post_processor.byte_level || !spec_.post_processor.trim_offsets) return;
  for (const std::string& token : spec_.model.tokens) spaces_.push_back(token_space(token));
}

std::string PipelineTokenizer::decoded(const std::string& content) const {
  return decoder_.is_byte_level() ? from_byte_alphabet(content).value_or(content) : content;
}

void PipelineTokenizer::add_vocabulary() {
  for (std::size_t id = 0; id < spec_.model.tokens.size(); ++id) {
    const std::string& content = spec_.model.tokens[id];
    if (content.empty()) continue;
    tokens_[id] = {content, decoded(content), false};
    ids_.emplace(tokens_[id].content, static_cast<std::int32_t>(id));
  }
}

void PipelineTokenizer::add_added_tokens() {
  std::vector<AddedToken> raw, normal;
  std::unordered_set<std::string_view> special;
  for (const AddedToken& added : spec_.added_tokens)
    if (added.special) special.insert(added.content);
  for (const AddedToken& added : spec_.added_tokens) {
    Token& token = tokens_[static_cast<std::size_t>(added.id)];
    const auto known = ids_.find(added.content);
    if ((known != ids_.end() && known->second != added.id) ||
        (!token.content.empty() && token.content != added.content)) {
      fail(ErrorCode::malformed,
           "{}: added token '{}' has id {}, but the vocabulary has {}; make the two agree (was the file edited by "
           "hand?)",
           spec_.source, added.content, added.id,
           known != ids_.end() ? fmt::format("that token at id {}", known->second)
                               : fmt::format("'{}' there", token.content));
    }
    token.content = added.content;
    const std::string found = added.normalized ? normalizer_.apply(added.content) : added.content;
    token.decoded = decoded(found);
    token.special = token.special || added.special;
    token.skipped = special.count(found) != 0;
    ids_.emplace(token.content, added.id);
    if (found.empty()) continue;
    auto& list = added.normalized ? normal : raw;
    list.push_back(added);
    list.back().content = found;
  }
  raw_tokens_ = AddedTokenFinder(raw);
  normalized_tokens_ = AddedTokenFinder(normal);
}

/// One call of encode: gathers ids and, if wanted, offsets.
class PipelineTokenizer::Encoder {
 public:
  Encoder(const PipelineTokenizer& tokenizer, std::string_view text, const Task& task)
      : tokenizer_(tokenizer),
        cache_(tokenizer.caches_),
        text_(text),
        task_(task),
        with_offsets_(task.with_offsets),
        aligned_(task.with_offsets || tokenizer.places_matter_),
        byte_level_(tokenizer.spec_.pre_tokenizer.byte_level),
        counter_(text) {}

  Encoding run() {
    encoding_.ids.reserve(text_.size() / 4 + 8);
    const Piece whole{text_, 0, nullptr};
    for_parts(tokenizer_.raw_tokens_, whole, [this](const Piece& piece) { encode_between(piece); });
    if (task_.add_special) add_special_tokens(tokenizer_.spec_.post_processor, encoding_, with_offsets_);
    return std::move(encoding_);
  }

 private:
  /// Adds the tokens that the finder finds, and gives the text between them to `between`.
  template <typename Between>
  void for_parts(const AddedTokenFinder& finder, const Piece& piece, Between between) {
    if (piece.text.empty()) return;
    if (finder.empty()) return between(piece);
    std::vector<TextPart> parts;
    finder.split(piece.text, task_.special_in_text, parts);
    for (const TextPart& part : parts) {
      if (!part.token) {
        between(piece.part(part.begin, part.end));
      } else if (part.begin < part.end) {
        add(*part.token, piece, part.begin, part.end,
            [&] { return text_space(piece.text.substr(part.begin, part.end - part.begin)); });
      }
    }
  }

  void encode_between(const Piece& piece) {
    ChangedText storage;
    for_parts(tokenizer_.normalized_tokens_, tokenizer_.normalizer_.apply(piece, aligned_, storage),
              [this](const Piece& part) { encode_words(part); });
  }

  void encode_words(const Piece& piece) {
    const Model& model = *tokenizer_.model_;
    tokenizer_.pre_tokenizer_.split(piece, aligned_, [&](const Piece& words, std::size_t begin, std::size_t end) {
      if (byte_level_) return encode_part(words, begin, end);
      const std::string_view word = words.text.substr(0, end);
      while (begin < end) {
        const std::size_t part_end = model.part_end(word, begin);
        encode_part(words, begin, part_end);
        begin = part_end;
      }
    });
  }

  void encode_part(const Piece& piece, std::size_t begin, std::size_t end) {
    const auto tokens = cache_->tokens(piece.text.substr(begin, end - begin), *tokenizer_.model_);
    if (with_offsets_) return add_word(tokens, piece, begin, end);
    for (const WordToken& token : tokens) encoding_.ids.push_back(token.id);
  }

  void add_word(std::span<const WordToken> tokens, const Piece& piece, std::size_t begin, std::size_t end) {
    std::size_t covered = 0;
    for (const WordToken& token : tokens) covered += token.size;
    if (covered < end - begin && byte_level_) return add_word_with_gaps(tokens, piece, begin, end);
    for (const WordToken& token : tokens) {
      add_model_token(token.id, piece, begin, begin + token.size);
      begin += token.size;
    }
  }

  /// A word of which bytes were dropped for want of a token. The tokenizers library closes the gaps, counting bytes of
  /// the word in the byte alphabet; so must we, to give the same offsets.
  void add_word_with_gaps(std::span<const WordToken> tokens, const Piece& piece, std::size_t begin, std::size_t end) {
    std::vector<std::size_t> origins;  // for each byte of the word in the byte alphabet
    for (; begin < end; ++begin) {
      const bool one_byte = char_of_byte(static_cast<unsigned char>(piece.text[begin])) < 0x80;
      origins.insert(origins.end(), one_byte ? 1 : 2, begin);
    }
    std::size_t at = 0;
    for (const WordToken& token : tokens) {
      const std::size_t size = tokenizer_.tokens_[static_cast<std::size_t>(token.id)].content.size();
      add_model_token(token.id, piece, origins[at], origins[at + size - 1] + 1);
      at += size;
    }
  }

  void add_model_token(std::int32_t id, const Piece& piece, std::size_t begin, std::size_t end) {
    add(id, piece, begin, end, [&] { return tokenizer_.spaces_[static_cast<std::size_t>(id)]; });
  }

  template <typename Space>
  void add(std::int32_t id, const Piece& piece, std::size_t begin, std::size_t end, Space space) {
    if (with_offsets_) {
      Range bytes = piece.original(begin, end);
      Range code_points{counter_.at(bytes.begin), counter_.at(bytes.end)};
      const PostProcessorSpec& post = tokenizer_.spec_.post_processor;
      if (!tokenizer_.spaces_.empty()) trim_offsets(post, space(), encoding_.ids.empty(), bytes, code_points);
      encoding_.bytes.push_back(bytes);
      encoding_.code_points.push_back(code_points);
    }
    encoding_.ids.push_back(id);
  }

  const PipelineTokenizer& tokenizer_;
  WordCachePool::Lease cache_;
  std::string_view text_;
  Task task_;
  bool with_offsets_, aligned_, byte_level_;
  CodePointCounter counter_;
  Encoding encoding_;
};

namespace {

void check_size(std::string_view text) {
  if (text.size() > std::numeric_limits<std::int32_t>::max() / 3) {  // a broken byte grows to three
    fail(ErrorCode::unsupported,
         "a text of {} bytes is too long to tokenize in one piece; cut it into parts below 700 MB", text.size());
  }
}

}  // namespace

Encoding PipelineTokenizer::run(std::string_view text, const Task& task) const {
  check_size(text);
  if (find_invalid_utf8(text) == text.size()) return Encoder(*this, text, task).run();
  const RepairedText repaired = repair_utf8(text);
  Encoding encoding = Encoder(*this, repaired.text, task).run();
  for (Range& range : encoding.bytes) range = {repaired.original(range.begin), repaired.original(range.end)};
  return encoding;
}

std::vector<std::int32_t> PipelineTokenizer::encode(std::string_view text, bool add_special_tokens) const {
  return run(text, {false, true, add_special_tokens}).ids;
}

Encoding PipelineTokenizer::encode_with_offsets(std::string_view text, bool add_special_tokens) const {
  return run(text, {true, true, add_special_tokens});
}

Encoding PipelineTokenizer::encode_literally(std::string_view text, bool add_special_tokens) const {
  return run(text, {true, false, add_special_tokens});
}

std::string PipelineTokenizer::decode(std::span<const std::int32_t> ids, bool skip_special_tokens) const {
  const bool byte_level = decoder_.is_byte_level();
  std::string bytes;
  std::vector<std::string> list;
  for (const std::int32_t id : ids) {
    if (id < 0 || static_cast<std::size_t>(id) >= tokens_.size()) continue;  // a model's padded vocabulary has such ids
    const Token& token = tokens_[static_cast<std::size_t>(id)];
    if (token.content.empty() || (skip_special_tokens && token.skipped)) continue;
    if (byte_level) {
      bytes += token.decoded;
    } else {
      list.push_back(token.decoded);
    }
  }
  if (!byte_level) return decoder_.decode(std::move(list));
  return find_invalid_utf8(bytes) == bytes.size() ? bytes : repair_utf8(bytes).text;
}

std::optional<std::int32_t> PipelineTokenizer::id_of(std::string_view token) const {
  const auto found = ids_.find(token);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int32_t> PipelineTokenizer::id_of_special(const std::string& content) const {
  return content.empty() ? std::nullopt : id_of(content);
}

std::string PipelineTokenizer::token(std::int32_t id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= tokens_.size()) {
    fail(ErrorCode::mismatch, "{}: there is no token {}; ids go from 0 to {}", spec_.source, id, tokens_.size() - 1);
  }
  return tokens_[static_cast<std::size_t>(id)].content;
}

bool PipelineTokenizer::is_special(std::int32_t id) const {
  return id >= 0 && static_cast<std::size_t>(id) < tokens_.size() && tokens_[static_cast<std::size_t>(id)].special;
}

std::string PipelineTokenizer::hash() const { return gpt::hash(canonical_json(spec_)); }

}  // namespace gpt::text
