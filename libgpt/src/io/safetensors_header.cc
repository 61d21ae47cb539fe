#include "io/safetensors_header.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "io/json_position.h"

namespace gpt {
namespace {

using nlohmann::json;

constexpr std::size_t kDepthLimit = 100;
constexpr std::size_t kMostDimensions = 64;

/// Takes what the parser finds: depth 1 is the header, 2 an entry, 3 a list in it. Every call returns true (go on) or
/// throws.
class Handler : public nlohmann::json_sax<json> {
 public:
  Handler(std::string_view text, std::uint64_t start, const BoundedReader& reader)
      : text_(text), start_(start), reader_(reader) {}

  const char* reached = nullptr;
  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { return value("null"); }
  bool boolean(bool) override { return value("a truth value"); }
  bool number_integer(number_integer_t number) override { return value(fmt::format("{}", number)); }
  bool number_float(number_float_t, const string_t& number) override { return value(number); }
  bool binary(binary_t&) override { return true; }  // JSON has none

  bool number_unsigned(number_unsigned_t number) override {
    if (field_ == Field::shape && depth_ == 3) return dimension(number);
    if (field_ == Field::offsets && depth_ == 3) return offset(number);
    return value(fmt::format("{}", number));
  }

  bool string(string_t& text) override {
    if (depth_ == 2 && in_metadata_) {
      header_.metadata[key_] = text;
      return true;
    }
    if (field_ != Field::dtype || depth_ != 2) return value(fmt::format("\"{}\"", text.substr(0, 60)));
    entry().dtype = text;
    return true;
  }

  bool start_object(std::size_t) override {
    if (depth_ == 2) value("an object");
    if (depth_ == 3 && field_ != Field::other) value("an object");
    enter();
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ == 1) value("an array");
    const bool list = field_ == Field::shape || field_ == Field::offsets;
    if ((depth_ == 2 && !list) || (depth_ == 3 && field_ != Field::other)) value("an array");
    enter();
    return true;
  }

  bool end_array() override {
    --depth_;
    if (depth_ == 2 && field_ == Field::offsets && offsets_ != 2)
      wrong("'data_offsets' is not two offsets but {} numbers", offsets_);
    return true;
  }

  bool end_object() override {
    if (--depth_ != 1 || in_metadata_) return true;
    for (const auto& [name, seen] :
         {std::pair("dtype", dtype_seen_), {"shape", shape_seen_}, {"data_offsets", offsets_seen_}})
      if (!seen) wrong("'{}' is missing", name);
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ == 1) return start_entry(name);
    if (depth_ == 2) start_field(name);
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&, const nlohmann::detail::exception& error) override {
    const std::string reason = error.what();
    const auto colon = reason.find(": ", reason.find("column "));
    reader_.malformed(
        fmt::format("the header is no JSON: {}", colon == std::string::npos ? reason : reason.substr(colon + 2)),
        start_ + (byte > 0 ? byte - 1 : 0));
  }

 private:
  enum class Field { dtype, shape, offsets, other };

  HeaderEntry& entry() { return header_.entries.back(); }

  template <typename... Args>
  [[noreturn]] void wrong(fmt::format_string<Args...> format, Args&&... args) {
    reader_.malformed(fmt::format("tensor '{}': {}", entry().name, fmt::format(format, std::forward<Args>(args)...)),
                      entry().at);
  }

  std::uint64_t here() const {
    return start_ + static_cast<std::uint64_t>(reached != nullptr ? reached - text_.data() : 0);
  }

  void enter() {
    if (++depth_ > kDepthLimit)
      reader_.malformed(fmt::format("the header is nested deeper than {} levels", kDepthLimit), here());
  }

  bool start_entry(const std::string& name) {
    const std::uint64_t end = here();
    const std::uint64_t at = end - std::min<std::uint64_t>(end - start_, name.size() + 2);
    if (!names_.insert(name).second) reader_.malformed(fmt::format("the name '{}' occurs twice", name), at);
    in_metadata_ = name == "__metadata__";
    at_ = at;
    field_ = Field::other;
    if (in_metadata_) return true;
    header_.entries.push_back({name, {}, {}, 0, 0, at});
    dtype_seen_ = shape_seen_ = offsets_seen_ = false;
    offsets_ = 0;
    return true;
  }

  void start_field(const std::string& name) {
    key_ = name;
    if (in_metadata_) return;
    field_ = name == "dtype"          ? Field::dtype
             : name == "shape"        ? Field::shape
             : name == "data_offsets" ? Field::offsets
                                      : Field::other;
    if (field_ == Field::other) return;
    bool& seen = field_ == Field::dtype ? dtype_seen_ : field_ == Field::shape ? shape_seen_ : offsets_seen_;
    if (std::exchange(seen, true)) wrong("the name '{}' occurs twice", name);
  }

  bool dimension(std::uint64_t size) {
    if (size > std::uint64_t{INT64_MAX}) wrong("'shape' holds {}, which is no size", size);
    if (entry().shape.size() == kMostDimensions) wrong("'shape' has more than {} dimensions", kMostDimensions);
    entry().shape.push_back(static_cast<std::int64_t>(size));
    return true;
  }

  bool offset(std::uint64_t value) {
    if (++offsets_ > 2) wrong("'data_offsets' is not two offsets but more");
    (offsets_ == 1 ? entry().begin : entry().end) = value;
    return true;
  }

  /// Anything that is not what its place wants; fine where nothing is wanted.
  bool value(const std::string& found) {
    if (depth_ == 0) reader_.malformed(fmt::format("the header is {}, not an object", found), start_);
    if (depth_ == 1 && in_metadata_) reader_.malformed(fmt::format("__metadata__ is no object but {}", found), at_);
    if (depth_ == 1) wrong("its entry is no object but {}", found);
    if (in_metadata_) reader_.malformed(fmt::format("__metadata__ '{}' is no string but {}", key_, found), at_);
    if (field_ == Field::dtype) wrong("'dtype' is no string but {}", found);
    if (field_ == Field::shape)
      depth_ == 2 ? wrong("'shape' is no array but {}", found) : wrong("'shape' holds {}, which is no size", found);
    if (field_ == Field::offsets) wrong("'data_offsets' is not two offsets: it holds {}", found);
    return true;
  }

  std::string_view text_;
  std::uint64_t start_;
  const BoundedReader& reader_;
  SafetensorsHeader header_;
  std::unordered_set<std::string> names_;
  std::size_t depth_ = 0;
  std::uint64_t at_ = 0;
  bool in_metadata_ = false;
  std::string key_;
  Field field_ = Field::other;
  bool dtype_seen_ = false, shape_seen_ = false, offsets_seen_ = false;
  int offsets_ = 0;
};

}  // namespace

SafetensorsHeader read_safetensors_header(std::string_view text, std::uint64_t start, const BoundedReader& reader) {
  Handler handler(text, start, reader);
  const JsonPosition first(text.data(), &handler.reached), last(text.data() + text.size(), &handler.reached);
  json::sax_parse(first, last, &handler);
  return handler.take();
}

}  // namespace gpt
