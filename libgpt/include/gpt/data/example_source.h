// Where examples come from: a list in memory, or windows over a token file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gpt/data/token_file.h"
#include "gpt/ops/batch.h"

namespace gpt {

class ExampleSource {
 public:
  virtual ~ExampleSource();
  virtual std::size_t size() const = 0;
  /// Tokens of example `index`.
  virtual std::int64_t length(std::size_t index) const = 0;
  /// Adds example `index` to the batch.
  virtual void add(std::size_t index, Batch& batch) const = 0;
  /// Equal for equal examples in the same order.
  virtual std::string hash() const = 0;
};

/// A list in memory, which must outlive it.
class ExampleList final : public ExampleSource {
 public:
  explicit ExampleList(std::span<const Example> examples) : examples_(examples) {}
  std::size_t size() const override { return examples_.size(); }
  std::int64_t length(std::size_t index) const override {
    return static_cast<std::int64_t>(examples_[index].tokens.size());
  }
  void add(std::size_t index, Batch& batch) const override { batch.add(examples_[index]); }
  std::string hash() const override;

 private:
  std::span<const Example> examples_;
};

/// A token file cut into full contexts: window i starts with the last token of window i - 1, so that a language model
/// predicts every token but the first exactly once. The last window may be shorter. Windows do not care where documents
/// end: attention reaches over the separator.
class TokenWindows final : public ExampleSource {
 public:
  /// Error invalid_option for a context below 2, mismatch for a file of fewer than 2 tokens.
  TokenWindows(std::shared_ptr<const TokenFile> file, std::int64_t context);
  std::size_t size() const override { return windows_; }
  std::int64_t length(std::size_t index) const override;
  void add(std::size_t index, Batch& batch) const override;
  std::string hash() const override;
  const TokenFile& file() const noexcept { return *file_; }

 private:
  std::shared_ptr<const TokenFile> file_;
  std::int64_t context_;
  std::size_t windows_;
};

/// The examples with these indices, in this order.
Batch pack(const ExampleSource& examples, std::span<const std::uint32_t> indices);

}  // namespace gpt
