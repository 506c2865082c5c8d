// What a run shows while it goes: progress on a terminal, a line for each pass (-v), and the graph
// around passes, on stderr and as files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "interruption.hpp"

namespace fettle {

// A folder of the graph's text after each change: 00-original.txt, 01-cse.txt with 01-cse.diff, …
class IrFolder {
 public:
  // Makes the folder if need be; it must be empty (usage_bad_argument).
  explicit IrFolder(const std::filesystem::path& folder);
  void original(const Graph& graph);
  void changed(const std::string& pass, const Graph& graph);

 private:
  void write(const std::string& name, const std::string& text) const;

  std::filesystem::path folder_;
  std::unique_ptr<Graph> last_;
  int number_ = 0;
};

struct Printing {
  std::vector<std::string> before, after;  // names of passes, "all"; after also "changed"
  bool verbose = false;
  std::optional<std::filesystem::path> ir_dir;
};

class RunConsole : public ProgressObserver {
 public:
  explicit RunConsole(Printing printing);
  void loaded(const Graph& graph);
  void before_pass(std::string_view name, const Graph& graph) override;
  void after_pass(const PassReport& pass, const Graph& graph) override;

 private:
  void show(std::string_view when, std::string_view name, const Graph& graph);

  Printing printing_;
  std::optional<IrFolder> ir_folder_;
};

}  // namespace fettle
