// Reading YAML strictly: each helper checks a node's type and blames its file, line and column.
// Used by the pipeline's parser alone, so that yaml-cpp's headers stay in two files.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace fettle {

class YamlReader {
 public:
  explicit YamlReader(std::string source) : source_(std::move(source)) {}

  // The text's one document. Throws pipeline_not_yaml and pipeline_empty.
  YAML::Node document(std::string_view text) const;

  std::string where(const YAML::Node& node) const { return where(node.Mark()); }
  [[noreturn]] void fail(Code code, const YAML::Node& node, std::string what, std::string why = {},
                         std::string hint = {}) const;

  // Calls fn(key, key's node, value) for each entry, after checking that `node` is a mapping whose
  // keys are plain names, each given once. `what` names the mapping in messages,
  // and `example` is what they say to write.
  using Entry = std::function<void(const std::string& key, const YAML::Node& key_node,
                                   const YAML::Node& value)>;
  void mapping(const YAML::Node& node, std::string_view what, const Entry& fn,
               std::string_view example = {}) const;
  void sequence(const YAML::Node& node, std::string_view what,
                const std::function<void(const YAML::Node&)>& fn) const;

  // A scalar's text; null is not a scalar.
  std::string text(const YAML::Node& node, std::string_view what) const;
  std::uint32_t whole_number(const YAML::Node& node, std::string_view what, std::uint32_t min,
                             std::uint32_t max) const;
  double non_negative(const YAML::Node& node, std::string_view what) const;
  // The index of the scalar among `choices`.
  std::size_t choice(const YAML::Node& node, std::string_view what,
                     const std::vector<std::string>& choices) const;
  [[noreturn]] void unknown_key(const YAML::Node& key_node, const std::string& key,
                                std::string_view owner,
                                const std::vector<std::string>& known) const;

 private:
  std::string where(const YAML::Mark& mark) const;

  std::string source_;
};

}  // namespace fettle
