// Text tables for terminals: columns as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace fettle {

class Table {
 public:
  // A header that starts with '>' stands over a column of numbers.
  explicit Table(std::vector<std::string> headers);
  void add(std::vector<std::string> cells);  // as many as headers
  bool empty() const { return rows_.size() == 1; }
  std::string text(std::string_view indent = "  ") const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;  // the headers first
};

}  // namespace fettle
