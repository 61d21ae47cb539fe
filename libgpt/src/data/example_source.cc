#include "gpt/data/example_source.h"

#include <algorithm>

#include "gpt/core/error.h"
#include "gpt/core/hash.h"
#include "gpt/data/example.h"

namespace gpt {

ExampleSource::~ExampleSource() = default;

std::string ExampleList::hash() const { return hash_of(examples_); }

TokenWindows::TokenWindows(std::shared_ptr<const TokenFile> file, std::int64_t context)
    : file_(std::move(file)), context_(context) {
  if (context < 2) fail(ErrorCode::invalid_option, "a context must have at least 2 tokens, not {}", context);
  if (file_->size() < 2)
    fail(ErrorCode::mismatch, "a text of {} tokens is too short: there is no token to predict", file_->size());
  const std::int64_t step = context - 1;
  windows_ = static_cast<std::size_t>((file_->size() - 2) / step + 1);
}

std::int64_t TokenWindows::length(std::size_t index) const {
  return std::min(context_, file_->size() - static_cast<std::int64_t>(index) * (context_ - 1));
}

void TokenWindows::add(std::size_t index, Batch& batch) const {
  Example window;
  window.tokens.resize(static_cast<std::size_t>(length(index)));
  file_->read(static_cast<std::int64_t>(index) * (context_ - 1), window.tokens);
  batch.add(window);
}

std::string TokenWindows::hash() const {
  const std::string text = fmt::format("{} in windows of {}", file_->hash(), context_);
  return gpt::hash(text);
}

Batch pack(const ExampleSource& examples, std::span<const std::uint32_t> indices) {
  Batch batch;
  for (const std::uint32_t index : indices) examples.add(index, batch);
  return batch;
}

}  // namespace gpt
