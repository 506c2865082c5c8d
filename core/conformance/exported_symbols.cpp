#include "conformance/exported_symbols.hpp"

#if __has_include(<elf.h>)
#include <elf.h>
#endif

#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

namespace fettle::conformance {

#if !__has_include(<elf.h>)

std::optional<std::vector<ExportedSymbol>> exported_symbols(const std::filesystem::path&) {
  return std::nullopt;
}

#else

namespace {

// _ZNSt6vectorI…, _ZTISt9exception, _ZN9__gnu_cxx…: names in std, and what belongs to them.
bool of_standard_library(std::string_view name) {
  if (!name.starts_with("_Z")) return false;
  name.remove_prefix(2);
  for (const std::string_view about : {"TV", "TI", "TS", "TT", "TC", "GV", "GR"}) {
    if (!name.starts_with(about)) continue;
    name.remove_prefix(about.size());
    break;
  }
  while (!name.empty() && std::string_view("NZKVRO").find(name[0]) != std::string_view::npos) {
    name.remove_prefix(1);
  }
  const bool abbreviated =
      name.size() > 1 && name[0] == 'S' && std::string_view("tabsiod").find(name[1]) != name.npos;
  return abbreviated || name.starts_with("9__gnu_cxx");
}

// The parts of a file, each only where the whole of it lies inside.
class File {
 public:
  explicit File(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }

  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T part;
    std::memcpy(&part, bytes_.data() + offset, sizeof part);
    return part;
  }
  std::optional<std::string> text(std::uint64_t offset, std::uint64_t end) const {
    if (end > bytes_.size() || offset >= end) return std::nullopt;
    const std::string_view rest(bytes_.data() + offset, end - offset);
    if (rest.find('\0') == rest.npos) return std::nullopt;
    return std::string(rest.substr(0, rest.find('\0')));
  }

 private:
  std::vector<char> bytes_;
};

std::optional<Elf64_Shdr> section(const File& file, const Elf64_Ehdr& head, std::uint64_t index) {
  if (index >= head.e_shnum || head.e_shentsize != sizeof(Elf64_Shdr)) return std::nullopt;
  return file.at<Elf64_Shdr>(head.e_shoff + index * sizeof(Elf64_Shdr));
}

bool is_exported(const Elf64_Sym& symbol) {
  const auto binding = ELF64_ST_BIND(symbol.st_info);
  const auto type = ELF64_ST_TYPE(symbol.st_info);
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  return binding != STB_LOCAL && symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS &&
         type != STT_SECTION && type != STT_FILE && visibility != STV_HIDDEN &&
         visibility != STV_INTERNAL;
}

}  // namespace

std::optional<std::vector<ExportedSymbol>> exported_symbols(const std::filesystem::path& path) {
  const File file(path);
  const auto head = file.at<Elf64_Ehdr>(0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
      head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_ident[EI_DATA] != ELFDATA2LSB) {
    return std::nullopt;
  }
  for (std::uint64_t i = 0; i < head->e_shnum; ++i) {
    const auto symbols = section(file, *head, i);
    if (!symbols) return std::nullopt;
    if (symbols->sh_type != SHT_DYNSYM) continue;
    const auto names = section(file, *head, symbols->sh_link);
    if (!names) return std::nullopt;
    std::vector<ExportedSymbol> exported;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols->sh_size;
         at += sizeof(Elf64_Sym)) {
      const auto symbol = file.at<Elf64_Sym>(symbols->sh_offset + at);
      if (!symbol) return std::nullopt;
      if (!is_exported(*symbol)) continue;
      const auto name =
          file.text(names->sh_offset + symbol->st_name, names->sh_offset + names->sh_size);
      if (!name) return std::nullopt;
      exported.push_back({*name, of_standard_library(*name)});
    }
    return exported;
  }
  return std::nullopt;
}

#endif

}  // namespace fettle::conformance
