// copy_archive IN.pt2 OUT.pt2: reads a program and writes it, with no pass in between. What the
// Python checks of a round trip run; says nothing when all went well.
#include <cstdio>

#include "archive/program.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: copy_archive IN.pt2 OUT.pt2\n", stderr);
    return 2;
  }
  try {
    fettle::write_program(fettle::read_program(argv[1]), argv[2]);
  } catch (const std::exception& error) {
    std::fputs(error.what(), stderr);
    return 1;
  }
  return 0;
}
