// Programs with modules, written as text: `in("encoder/layer.0")` is what export records of a node.
#pragma once

#include "graph/programs.hpp"
#include "pictures/picture.hpp"

namespace fettle::test {

// " {nn_module_stack='…'}" of a node in the module at that path and in all around it; "/" parts
// one module's name from the next ("net/layer.0"). The path's last word is the class.
inline std::string in(const std::string& modules) {
  std::string out = " {nn_module_stack='L__self__,,models.Net", path;
  for (std::size_t at = 0, end = 0; end != modules.npos; at = end + 1) {
    end = modules.find('/', at);
    path += (path.empty() ? "" : ".") + modules.substr(at, end == modules.npos ? end : end - at);
    out += fmt::format(";L__self___{0},{0},models.Of_{1}", path,
                       path.substr(path.find_last_of('.') + 1));
  }
  return out + "'}\n";
}

// "Net(x encoder(a b) output)": what boxes hold what, closed or open.
inline std::string shape(const Picture& picture, std::uint32_t box = 0) {
  std::string out = box == 0 ? "" : picture.boxes[box].title;
  if (picture.boxes[box].leaf()) return out;
  out += "(";
  for (const std::uint32_t child : picture.boxes[box].children) {
    out += (out.back() == '(' ? "" : " ") + shape(picture, child);
  }
  return out + ")";
}

inline std::uint32_t box(const Picture& picture, std::string_view title) {
  for (std::uint32_t i = 0; i < picture.boxes.size(); ++i) {
    if (picture.boxes[i].title == title) return i;
  }
  FAIL("there is no box " << title);
  return 0;
}

}  // namespace fettle::test
