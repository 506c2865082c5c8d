// The manual as a page for man(1), in the man macros of roff.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "manual.hpp"

namespace fettle {
namespace {

// Text that roff leaves alone: no requests, no escapes, and '-' as the character that people copy.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\n')
      out += "\n";
    else
      out += c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

void append(std::string& out, const ManualPart& part) {
  switch (part.kind) {
    case ManualPart::Kind::paragraph:
      out += ".PP\n" + escaped(part.text) + "\n";
      break;
    case ManualPart::Kind::literal:
      out += ".PP\n.nf\n" + escaped(part.text) + "\n.fi\n";
      break;
    case ManualPart::Kind::definition:
      out += ".TP\n\\fB" + escaped(part.term) + "\\fR\n" + escaped(part.text) + "\n";
      break;
  }
}

}  // namespace

std::string manual_roff(const Manual& manual) {
  std::string title = manual.page;
  std::ranges::transform(title, title.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string out = fmt::format(".TH \"{}\" \"1\" \"\" \"fettle {}\" \"fettle\"\n", escaped(title),
                                FETTLE_VERSION);
  for (const ManualSection& section : manual.sections) {
    out += ".SH \"" + section.heading + "\"\n";
    if (section.heading == "NAME") {  // as whatis(1) reads it
      out += escaped(manual.page) + " \\- " + escaped(manual.summary) + "\n";
      continue;
    }
    for (const ManualPart& part : section.parts) append(out, part);
  }
  return out;
}

}  // namespace fettle
