#include "plugin/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "gpt/core/error.h"
#include "gpt/io/reader.h"

namespace gpt {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t host_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t host_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t host_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr std::uint16_t host_machine = EM_PPC64;
#else
#error "name this machine's ELF number here"
#endif

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "x86, 32 bit";
    case EM_X86_64:
      return "x86-64";
    case EM_ARM:
      return "Arm, 32 bit";
    case EM_AARCH64:
      return "AArch64";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC, 64 bit";
    default:
      return fmt::format("machine {}", machine);
  }
}

constexpr std::size_t kMaxSegments = 1024;
constexpr std::size_t kMaxDescription = 4096;

/// One library, its header checked.
class ElfFile {
 public:
  ElfFile(std::span<const std::byte> bytes, const std::filesystem::path& file) : bytes_(bytes), file_(file) {
    check_kind();
    header_ = read<Elf64_Ehdr>(0, "the ELF header");
    check_header();
  }

  std::string_view note(std::string_view owner, std::uint32_t type) const {
    std::string_view found;
    for (std::size_t i = 0; i < header_.e_phnum; ++i) {
      const auto segment = read<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr), "the segment table");
      if (segment.p_type != PT_LOAD && segment.p_type != PT_NOTE && segment.p_type != PT_DYNAMIC) continue;
      const std::uint64_t end = check_range(segment.p_offset, segment.p_filesz, "a segment");
      if (segment.p_type == PT_NOTE && found.data() == nullptr)
        found = note_in(segment.p_offset, end, segment.p_align == 8 ? 8 : 4, owner, type);
    }
    return found;
  }

 private:
  void check_kind() const {
    if (bytes_.size() < EI_NIDENT || std::memcmp(bytes_.data(), ELFMAG, SELFMAG) != 0)
      fail(ErrorCode::plugin,
           "{} is not a plugin: it is no ELF shared library; plugins are built with gptask_add_plugin", file_.string());
    const auto ident = [&](std::size_t i) { return std::to_integer<unsigned>(bytes_[i]); };
    if (ident(EI_CLASS) != ELFCLASS64 || ident(EI_DATA) != ELFDATA2LSB)
      fail(ErrorCode::plugin,
           "{} cannot be loaded here: it is a {}-bit, {}-endian library, not a 64-bit, little-endian one",
           file_.string(), ident(EI_CLASS) == ELFCLASS64 ? 64 : 32, ident(EI_DATA) == ELFDATA2LSB ? "little" : "big");
  }

  void check_header() const {
    if (header_.e_machine != host_machine)
      fail(ErrorCode::plugin, "{} cannot be loaded here: it was built for {}, this machine is {}; build it again here",
           file_.string(), machine_name(header_.e_machine), machine_name(host_machine));
    if (header_.e_type != ET_DYN)
      fail(ErrorCode::plugin, "{} is not a plugin: it is an ELF file of type {}, not a shared library", file_.string(),
           header_.e_type);
    if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum > kMaxSegments)
      damaged(fmt::format("the segment table has {} entries of {} bytes", header_.e_phnum, header_.e_phentsize), 0);
    check_range(header_.e_phoff, std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr), "the segment table");
    check_range(header_.e_shoff, std::uint64_t{header_.e_shnum} * header_.e_shentsize, "the section table");
  }

  /// The end of the range.
  std::uint64_t check_range(std::uint64_t offset, std::uint64_t size, std::string_view what) const {
    std::uint64_t end = 0;
    if (!checked_add(offset, size, end) || end > bytes_.size())
      damaged(fmt::format("{} takes {} bytes and the file ends at byte {}", what, size, bytes_.size()), offset);
    return end;
  }

  [[noreturn]] void damaged(const std::string& message, std::uint64_t at) const {
    BoundedReader(bytes_, file_).malformed(message + ": the file is cut short or damaged; copy or build it again", at);
  }

  template <typename T>
  T read(std::uint64_t offset, std::string_view what) const {
    check_range(offset, sizeof(T), what);
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }

  std::string_view note_in(std::uint64_t begin, std::uint64_t end, std::uint64_t alignment, std::string_view owner,
                           std::uint32_t type) const {
    BoundedReader reader(bytes_.first(end), file_);
    reader.bytes(begin, "what lies before the notes");
    const auto align = [&] {
      const std::uint64_t past = (reader.offset() - begin) % alignment;
      if (past != 0) reader.bytes(std::min(alignment - past, reader.remaining()), "padding");
    };
    while (reader.remaining() >= sizeof(Elf64_Nhdr)) {
      const std::uint32_t name_size = reader.u32("a note's name size"), size = reader.u32("a note's size"),
                          kind = reader.u32("a note's type");
      const std::string_view name = reader.string(name_size, "a note's name");
      align();
      const std::string_view description = reader.string(size, "a note's content");
      align();
      if (kind != type || name.size() != owner.size() + 1 || name.substr(0, owner.size()) != owner) continue;
      if (size > kMaxDescription)
        damaged(fmt::format("the build stamp has {} bytes, more than {}", size, kMaxDescription), begin);
      return description;
    }
    return {};
  }

  std::span<const std::byte> bytes_;
  const std::filesystem::path& file_;
  Elf64_Ehdr header_{};
};

}  // namespace

std::string_view find_elf_note(std::span<const std::byte> bytes, const std::filesystem::path& file,
                               std::string_view owner, std::uint32_t type) {
  const std::string_view found = ElfFile(bytes, file).note(owner, type);
  if (found.data() == nullptr)
    fail(ErrorCode::plugin,
         "{} is not a gptask plugin: it carries no build stamp; one source file of a plugin has "
         "GPTASK_PLUGIN(registrar) {{ ... }}, from "
         "gpt/plugin/plugin.h",
         file.string());
  return found;
}

}  // namespace gpt
