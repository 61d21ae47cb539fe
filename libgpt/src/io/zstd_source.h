// A Boost.Iostreams source of decompressed zstd. Boost's own filter takes a frame that is cut short for a complete one.
#pragma once

#include <boost/iostreams/categories.hpp>
#include <filesystem>
#include <ios>
#include <memory>

namespace gpt {

class ZstdSource {
 public:
  using char_type = char;
  using category = boost::iostreams::source_tag;

  explicit ZstdSource(const std::filesystem::path& path);
  /// Characters read, or -1 at the end. Throws std::runtime_error with the reason for damaged data.
  std::streamsize read(char* out, std::streamsize size);

 private:
  struct State;
  std::shared_ptr<State> state_;  // Boost copies sources
};

}  // namespace gpt
