#include "run_console.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "graph/diff.hpp"
#include "graph/text.hpp"
#include "numbers.hpp"

namespace fettle {
namespace {

namespace fs = std::filesystem;

bool names(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

IrFolder::IrFolder(const fs::path& folder) : folder_(folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  const bool empty = !failed && fs::is_directory(folder) && fs::is_empty(folder, failed) && !failed;
  if (empty) return;
  throw Error({Code::usage_bad_argument, "--ir-dir must name an empty folder or a new one",
               folder.string(),
               failed ? failed.message() : "there is something in it already, or it is no folder",
               "name another folder"});
}

void IrFolder::original(const Graph& graph) {
  write("00-original.txt", print(graph));
  last_ = graph.clone();
}

void IrFolder::changed(const std::string& pass, const Graph& graph) {
  const std::string name = fmt::format("{:02}-{}", ++number_, pass);
  write(name + ".txt", print(graph));
  const GraphDiff diff = diff_graphs(*last_, graph);
  write(name + ".diff", unified_text(*last_, graph, diff) + "# " + summary_line(diff) + "\n");
  last_ = graph.clone();
}

void IrFolder::write(const std::string& name, const std::string& text) const {
  write_report(folder_ / name, text);
}

RunConsole::RunConsole(Printing printing) : printing_(std::move(printing)) {
  if (printing_.ir_dir) ir_folder_.emplace(*printing_.ir_dir);
}

void RunConsole::loaded(const Graph& graph) {
  if (ir_folder_) ir_folder_->original(graph);
}

void RunConsole::before_pass(std::string_view name, const Graph& graph) {
  if (names(printing_.before, name) || names(printing_.before, "all")) show("before", name, graph);
}

void RunConsole::after_pass(const PassReport& pass, const Graph& graph) {
  clear();
  if (printing_.verbose) {
    std::cerr << fmt::format("{}: {} → {} nodes, {} rewrites; {} and {} verifying: {}\n", pass.name,
                             pass.nodes_before, pass.nodes_after, pass.rewrites,
                             human_seconds(pass.seconds + pass.check_seconds),
                             human_seconds(pass.verify_seconds), pass_status_name(pass.status));
  }
  const bool changed = pass.status == PassStatus::changed;
  if (changed && ir_folder_) ir_folder_->changed(pass.name, graph);
  if (names(printing_.after, pass.name) || names(printing_.after, "all") ||
      (changed && names(printing_.after, "changed"))) {
    show("after", pass.name, graph);
  }
}

void RunConsole::show(std::string_view when, std::string_view name, const Graph& graph) {
  clear();
  std::cerr << "# " << when << " " << name << "\n" << print(graph) << "\n";
}

}  // namespace fettle
