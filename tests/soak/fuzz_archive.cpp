// Fuzz target: the bytes of an archive, to read_program.
#include "../archive/small_archive.hpp"
#include "archive/program.hpp"
#include "fuzz.hpp"

namespace fettle::soak {

const Input kInput = Input::archive;

Outcome meet(std::string_view bytes) {
  static const test::TempFolder folder;
  const auto path = folder.write("case.pt2", bytes);
  return outcome_of([&] { return read_program(path), 0; });
}

}  // namespace fettle::soak
