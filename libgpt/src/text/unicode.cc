#include "text/unicode.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstring>

namespace gpt::text {

char32_t decode_utf8(const char* at) {
  const auto byte = [at](int i) { return static_cast<char32_t>(static_cast<unsigned char>(at[i])); };
  const char32_t first = byte(0);
  if (first < 0x80) return first;
  if (first < 0xE0) return ((first & 0x1F) << 6) | (byte(1) & 0x3F);
  if (first < 0xF0) return ((first & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F);
  return ((first & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F);
}

void append_utf8(std::string& text, char32_t code_point) {
  const auto add = [&text](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    add(code_point);
    return;
  }
  if (code_point < 0x800) {
    add(0xC0 | (code_point >> 6));
  } else {
    if (code_point < 0x10000) {
      add(0xE0 | (code_point >> 12));
    } else {
      add(0xF0 | (code_point >> 18));
      add(0x80 | ((code_point >> 12) & 0x3F));
    }
    add(0x80 | ((code_point >> 6) & 0x3F));
  }
  add(0x80 | (code_point & 0x3F));
}

namespace {

CharKind kind_of_category(UCharCategory category) {
  const auto mask = U_MASK(category);
  if ((mask & U_GC_L_MASK) != 0) return CharKind::letter;
  if ((mask & U_GC_N_MASK) != 0) return CharKind::number;
  return CharKind::other;
}

}  // namespace

CharTable::CharTable() {
  std::vector<CharKind> kinds(0x110000, CharKind::other);
  const auto add_range = [](const void* context, UChar32 begin, UChar32 end, UCharCategory category) -> UBool {
    auto& all = *static_cast<std::vector<CharKind>*>(const_cast<void*>(context));
    std::fill(all.begin() + begin, all.begin() + end, kind_of_category(category));
    return true;
  };
  u_enumCharTypes(add_range, &kinds);
  for (const char32_t space :
       {0x09U, 0x0BU, 0x0CU, 0x20U, 0x85U, 0xA0U, 0x1680U, 0x2028U, 0x2029U, 0x202FU, 0x205FU, 0x3000U}) {
    kinds[space] = CharKind::space;
  }
  std::fill(kinds.begin() + 0x2000, kinds.begin() + 0x200B, CharKind::space);
  kinds['\n'] = kinds['\r'] = CharKind::newline;

  std::copy_n(kinds.begin(), ascii_.size(), ascii_.begin());
  for (std::size_t i = 0; i < block_of_.size(); ++i) {
    Block block;
    std::copy_n(kinds.begin() + static_cast<std::ptrdiff_t>(i * block.size()), block.size(), block.begin());
    const auto same = std::find(blocks_.begin(), blocks_.end(), block);
    block_of_[i] = static_cast<std::uint8_t>(same - blocks_.begin());
    if (same == blocks_.end()) blocks_.push_back(block);
  }
}

const CharTable& CharTable::instance() {
  static const CharTable table;
  return table;
}

bool is_white_space(char32_t code_point) { return is_space(CharTable::instance().kind(code_point)); }

bool is_word(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  const std::uint32_t categories = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return u_hasBinaryProperty(c, UCHAR_ALPHABETIC) != 0 || u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL) != 0 ||
         (U_GET_GC_MASK(c) & categories) != 0;
}

bool is_punctuation(char32_t code_point) {
  if (code_point < 0x80) {
    const bool graphic = code_point > 0x20 && code_point < 0x7F;
    const char32_t lower = code_point | 0x20;
    return graphic && !(code_point >= '0' && code_point <= '9') && !(lower >= 'a' && lower <= 'z');
  }
  if ((U_GET_GC_MASK(static_cast<UChar32>(code_point)) & U_GC_P_MASK) == 0) return false;
  UVersionInfo age{};
  u_charAge(static_cast<UChar32>(code_point), age);
  return age[0] <= 8;
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t i = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  while (i < text.size()) {
    std::uint64_t block = 0;
    if (i + sizeof(block) <= text.size()) {
      std::memcpy(&block, text.data() + i, sizeof(block));
      if ((block & 0x8080808080808080u) == 0) {
        i += sizeof(block);
        continue;
      }
    }
    const std::size_t begin = i;
    const std::size_t end = std::min(text.size(), begin + sizeof(block));
    while (i < end) {
      const std::size_t at = i;
      if (bytes[i] < 0x80) {
        ++i;
        continue;
      }
      UChar32 c = 0;
      U8_NEXT(bytes, i, text.size(), c);
      if (c < 0) return at;
    }
  }
  return text.size();
}

RepairedText repair_utf8(std::string_view text) {
  RepairedText repaired;
  repaired.text.reserve(text.size() + text.size() / 4);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t begin = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, text.size(), c);
    if (c >= 0) {
      repaired.text.append(text, begin, i - begin);
      continue;
    }
    append_utf8(repaired.text, 0xFFFD);
    repaired.anchors.push_back({static_cast<std::uint32_t>(repaired.text.size()), static_cast<std::uint32_t>(i)});
  }
  return repaired;
}

std::uint32_t RepairedText::original(std::uint32_t position) const {
  const auto after = std::upper_bound(anchors.begin(), anchors.end(), position,
                                      [](std::uint32_t value, const Range& anchor) { return value < anchor.begin; });
  if (after == anchors.begin()) return position;
  return position - std::prev(after)->begin + std::prev(after)->end;
}

std::uint32_t CodePointCounter::at(std::uint32_t position) {
  for (; position_ < position; ++position_) count_ += is_continuation(text_[position_]) ? 0 : 1;
  for (; position_ > position; --position_) count_ -= is_continuation(text_[position_ - 1]) ? 0 : 1;
  return count_;
}

}  // namespace gpt::text
