// The manual for a terminal.
#include "manual.hpp"

namespace fettle {

std::string manual_text(const Manual& manual, const Terminal& terminal) {
  constexpr std::size_t kIndent = 4, kInner = 8;
  std::string out;
  for (const ManualSection& section : manual.sections) {
    if (!out.empty()) out += '\n';
    out += terminal.styled(section.heading, Style::bold) + '\n';
    bool first = true;
    for (const ManualPart& part : section.parts) {
      switch (part.kind) {
        case ManualPart::Kind::paragraph:
          if (!first) out += '\n';
          out += wrapped(part.text, terminal.width(), kIndent);
          break;
        case ManualPart::Kind::literal:
          out += std::string(kIndent - 2, ' ') + part.text + '\n';
          break;
        case ManualPart::Kind::definition:
          out += std::string(kIndent, ' ') + terminal.styled(part.term, Style::bold) + '\n';
          out += wrapped(part.text, terminal.width(), kInner);
          break;
      }
      first = false;
    }
  }
  return out;
}

}  // namespace fettle
