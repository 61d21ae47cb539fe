#include "gpt/text/bpe_trainer.h"

#include <algorithm>
#include <limits>
#include <map>

#include "gpt/core/error.h"
#include "text/byte_alphabet.h"
#include "text/pair_merger.h"
#include "text/pipeline.h"

namespace gpt {
namespace {

using text::TokenizerSpec;

text::PreTokenizerSpec words_of(const BpeTrainerOptions& options) {
  text::PreTokenizerSpec spec;
  spec.add_prefix_space = options.add_prefix_space;
  return spec;
}

/// Special tokens, then the alphabet in the order of its characters.
std::vector<std::string> first_tokens(const BpeTrainerOptions& options) {
  std::vector<std::string> tokens;
  const auto add = [&tokens](const std::string& token) {
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) tokens.push_back(token);
  };
  for (const std::string& token : options.special_tokens) add(token);
  std::map<char32_t, std::string> alphabet;
  for (int byte = 0; byte < 256; ++byte)
    alphabet[text::char_of_byte(static_cast<unsigned char>(byte))] =
        text::to_byte_alphabet(std::string(1, static_cast<char>(byte)));
  for (const auto& [character, token] : alphabet) add(token);
  return tokens;
}

TokenizerSpec make_spec(const BpeTrainerOptions& options, text::BpeSpec model) {
  TokenizerSpec spec;
  spec.source = "the trained tokenizer";
  spec.pre_tokenizer = words_of(options);
  spec.post_processor.byte_level = true;
  spec.post_processor.add_prefix_space = options.add_prefix_space;
  for (const std::string& token : options.special_tokens) {
    const auto id = std::find(model.tokens.begin(), model.tokens.end(), token) - model.tokens.begin();
    text::AddedToken added;
    added.id = static_cast<std::int32_t>(id);
    added.content = token;
    added.special = true;
    const auto same = [&](const text::AddedToken& other) { return other.id == added.id; };
    if (std::none_of(spec.added_tokens.begin(), spec.added_tokens.end(), same)) spec.added_tokens.push_back(added);
  }
  if (!options.special_tokens.empty()) spec.bos = spec.eos = options.special_tokens.front();
  spec.pad = options.pad;
  spec.model = std::move(model);
  return spec;
}

}  // namespace

struct BpeTrainer::State {
  explicit State(BpeTrainerOptions given) : options(std::move(given)), splitter(words_of(options)) {}
  BpeTrainerOptions options;
  text::PreTokenizer splitter;
  std::unordered_map<std::string, std::int64_t> words;
  std::string word;  // of the moment: its memory is used again
  std::int64_t count = 0;
};

BpeTrainer::BpeTrainer(BpeTrainerOptions options) : state_(std::make_unique<State>(std::move(options))) {
  const BpeTrainerOptions& o = state_->options;
  const auto& special = o.special_tokens;
  if (std::find(special.begin(), special.end(), "") != special.end())
    fail(ErrorCode::invalid_option, "a special token must have at least one character");
  if (!o.pad.empty() && std::find(special.begin(), special.end(), o.pad) == special.end())
    fail(ErrorCode::invalid_option, "the pad token \"{}\" is none of the special tokens {}", o.pad,
         fmt::join(special, ", "));
  if (o.min_frequency < 0)
    fail(ErrorCode::invalid_option, "the least frequency must be at least 0, not {}", o.min_frequency);
  const auto least = static_cast<std::int64_t>(first_tokens(o).size());
  if (o.vocabulary < least || o.vocabulary > text::kMaxVocabulary)
    fail(ErrorCode::invalid_option,
         "a vocabulary of {} is not possible: it takes at least {} (256 bytes and the special tokens) and at most {}",
         o.vocabulary, least, text::kMaxVocabulary);
}

BpeTrainer::~BpeTrainer() = default;

std::int64_t BpeTrainer::different_words() const noexcept { return static_cast<std::int64_t>(state_->words.size()); }
std::int64_t BpeTrainer::words() const noexcept { return state_->count; }

void BpeTrainer::add(std::string_view added) {
  if (added.empty()) return;
  if (added.size() > std::numeric_limits<std::int32_t>::max() / 3)
    fail(ErrorCode::unsupported, "a text of {} bytes is too long to count in one piece; cut it into lines",
         added.size());
  text::RepairedText repaired;
  if (text::find_invalid_utf8(added) != added.size()) {
    repaired = text::repair_utf8(added);
    added = repaired.text;
  }
  state_->splitter.split({added, 0, nullptr}, false,
                         [this](const text::Piece& piece, std::size_t begin, std::size_t end) {
                           state_->word.assign(piece.text.substr(begin, end - begin));
                           ++state_->words[state_->word];
                           ++state_->count;
                         });
}

std::shared_ptr<const Tokenizer> BpeTrainer::train(const std::function<void(std::int64_t)>& progress) const {
  const std::vector<std::string> tokens = first_tokens(state_->options);
  std::vector<std::int32_t> of_byte(256);
  for (std::size_t id = 0; id < tokens.size(); ++id)
    if (const auto bytes = text::from_byte_alphabet(tokens[id]); bytes && bytes->size() == 1)
      of_byte[static_cast<unsigned char>(bytes->front())] = static_cast<std::int32_t>(id);
  text::PairMerger merger(tokens);
  std::vector<std::int32_t> ids;
  for (const auto& [word, count] : state_->words) {
    ids.clear();
    for (const char byte : word) ids.push_back(of_byte[static_cast<unsigned char>(byte)]);
    merger.add_word(ids, count);
  }
  return std::make_shared<text::PipelineTokenizer>(
      make_spec(state_->options, merger.run(state_->options.vocabulary, state_->options.min_frequency, progress)));
}

}  // namespace gpt
