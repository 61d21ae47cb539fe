#include "text/json_vocabulary.h"

#include "gpt/core/error.h"
#include "gpt/io/json.h"
#include "text/json_fields.h"

namespace gpt::text {

namespace {

using nlohmann::json;

class Events : public JsonEvents {
 public:
  Events(TokenizerJson& parts, const std::string& source) : parts_(parts), source_(source) {}

  bool null() override { return value(nullptr); }
  bool boolean(bool flag) override { return value(flag); }
  bool number_integer(number_integer_t number) override { return value(number); }
  bool number_unsigned(number_unsigned_t number) override { return value(number); }
  bool number_float(number_float_t number, const string_t&) override { return value(number); }
  bool string(string_t& text) override {
    if (place_ == Place::merges || place_ == Place::pair) return merge(std::move(text));
    return value(std::move(text));
  }
  bool binary(binary_t&) override { return false; }  // JSON has none

  bool start_object(std::size_t) override {
    if (is_at("vocab") && place_ == Place::tree) {
      open(Place::vocabulary, parts_.has_vocabulary);
      return true;
    }
    return start(json::object());
  }
  bool end_object() override { return end(); }
  bool start_array(std::size_t) override {
    if (is_at("merges") && place_ == Place::tree) {
      open(Place::merges, parts_.has_merges);
      return true;
    }
    if (is_at("vocab") && place_ == Place::tree) place_ = Place::skipped;  // of another kind of model
    if (place_ == Place::merges) {
      place_ = Place::pair;
      pair_.clear();
      return true;
    }
    return start(json::array());
  }
  bool end_array() override {
    if (place_ == Place::pair) {
      if (pair_.size() != 2) bad_merge(pair_);
      add_merge(pair_[0], pair_[1]);
      place_ = Place::merges;
      return true;
    }
    return end();
  }

  bool key(string_t& name) override {
    if (place_ == Place::skipped) return true;
    key_ = std::move(name);
    if (place_ == Place::tree && stack_.back()->contains(key_)) {
      fail(ErrorCode::malformed, "{}: the name '{}' occurs twice in one object", source_, key_);
    }
    return true;
  }

 private:
  enum class Place { tree, vocabulary, merges, pair, skipped };

  bool is_at(std::string_view name) const {
    return stack_.size() == 2 && stack_.back()->is_object() && key_ == name && stack_.front()->is_object() &&
           stack_.front()->contains("model") && &(*stack_.front())["model"] == stack_.back();
  }
  void open(Place place, bool& seen) {
    if (seen) fail(ErrorCode::malformed, "{}: model: the name '{}' occurs twice in one object", source_, key_);
    seen = true;
    place_ = place;
  }

  json* add(json value) {
    if (stack_.empty()) {
      parts_.tree = std::move(value);
      return &parts_.tree;
    }
    if (stack_.back()->is_array()) {
      stack_.back()->push_back(std::move(value));
      return &stack_.back()->back();
    }
    json& entry = (*stack_.back())[key_];
    entry = std::move(value);
    return &entry;
  }

  bool start(json value) {
    if (place_ == Place::skipped) {
      ++skipped_depth_;
    } else if (place_ == Place::vocabulary) {
      bad_id(value);
    } else if (place_ != Place::tree) {
      bad_merge(value);
    } else {
      stack_.push_back(add(std::move(value)));
    }
    return true;
  }

  bool end() {
    if (place_ == Place::tree) {
      stack_.pop_back();
    } else if (place_ != Place::skipped || --skipped_depth_ == 0) {
      place_ = Place::tree;
    }
    return true;
  }

  bool value(json value) {
    if (place_ == Place::tree) {
      add(std::move(value));
    } else if (place_ == Place::vocabulary) {
      const auto id = token_id(value);
      if (!id) bad_id(value);
      parts_.vocabulary.add_token(key_, *id);
    } else if (place_ != Place::skipped) {
      bad_merge(value);
    }
    return true;
  }

  bool merge(std::string text) {
    if (place_ == Place::pair) {
      if (pair_.size() == 2) bad_merge(pair_);
      pair_.push_back(std::move(text));
      return true;
    }
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
      fail(ErrorCode::malformed, "{}: model: merge {} is {}, but two tokens with one space between them are expected",
           source_, parts_.merges.size() / 2, excerpt(text));
    }
    add_merge(std::string_view(text).substr(0, space), std::string_view(text).substr(space + 1));
    return true;
  }

  void add_merge(std::string_view left, std::string_view right) {
    parts_.merges.add(left);
    parts_.merges.add(right);
  }

  [[noreturn]] void bad_id(const json& value) const {
    fail(ErrorCode::malformed, "{}: model: vocab: '{}' is {}, but an id from 0 to 16777215 is expected", source_, key_,
         excerpt(value));
  }
  [[noreturn]] void bad_merge(const json& value) const {
    fail(ErrorCode::malformed, "{}: model: merges[{}] is {}, but \"left right\" or [\"left\", \"right\"] is expected",
         source_, parts_.merges.size() / 2, excerpt(value));
  }

  TokenizerJson& parts_;
  const std::string& source_;
  Place place_ = Place::tree;
  std::vector<json*> stack_;  ///< objects and lists that are open
  std::string key_;
  std::vector<std::string> pair_;
  std::size_t skipped_depth_ = 0;
};

}  // namespace

TokenizerJson read_tokenizer_parts(std::string_view text, const std::string& source) {
  TokenizerJson parts(source);
  Events events(parts, source);
  parse_json(text, source, events);
  return parts;
}

}  // namespace gpt::text
