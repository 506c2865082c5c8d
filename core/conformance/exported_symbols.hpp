// What a library exports, read from the file's own dynamic symbol table without loading it.
//
// ELF of 64 bits only, this machine's byte order; nothing for other files, and for those whose
// tables lie outside the file. Symbols that the compiler exports whatever it is told (templates of
// the C++ library) are marked: no build of a C++ plugin can do without them short of a linker
// script.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fettle::conformance {

struct ExportedSymbol {
  std::string name;
  bool of_standard_library = false;
};

std::optional<std::vector<ExportedSymbol>> exported_symbols(const std::filesystem::path& file);

}  // namespace fettle::conformance
