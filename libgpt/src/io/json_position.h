// Tells how far a JSON parser is in its text.
#pragma once

#include <cstddef>
#include <iterator>

namespace gpt {

/// An iterator over the text that leaves in *reached where it was moved to last.
class JsonPosition {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  JsonPosition(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  JsonPosition& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  friend bool operator==(const JsonPosition& a, const JsonPosition& b) { return a.at_ == b.at_; }
  friend bool operator!=(const JsonPosition& a, const JsonPosition& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  const char** reached_;
};

}  // namespace gpt
