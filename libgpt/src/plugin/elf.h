// Just enough of ELF (System V ABI, "Object Files"; elf(5)) to find a note in a shared library that may be damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace gpt {

/// The description of the first note with this owner and type, where it lies in `bytes`. Before that the file as a
/// whole is checked, so that mapping it cannot go wrong: a 64-bit library of this machine whose segments and tables lie
/// inside the file. Errors: plugin for another kind of file or no such note, malformed for one that is cut short or
/// damaged.
std::string_view find_elf_note(std::span<const std::byte> bytes, const std::filesystem::path& file,
                               std::string_view owner, std::uint32_t type);

}  // namespace gpt
