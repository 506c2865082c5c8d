// What the tests of the host share: plugin folders made for one test, graphs from text, and passes
// run over them through the host.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <string>

#include "catch.hpp"

#include "base/error.hpp"
#include "graph/checks.hpp"
#include "graph/journal.hpp"
#include "graph/text.hpp"
#include "host/host.hpp"
#include "ops/registry.hpp"

namespace fettle::test {

namespace fs = std::filesystem;

inline fs::path built_plugin(const std::string& name) {
  return fs::path(FETTLE_TEST_PLUGINS) / (name + ".so");
}

// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string made = (fs::temp_directory_path() / "fettle-host-XXXXXX").string();
    if (!mkdtemp(made.data())) throw std::runtime_error("no temporary folder");
    path_ = fs::canonical(made);
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const fs::path& path() const { return path_; }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  // A copy of a test plugin.
  fs::path add(const std::string& plugin) const {
    fs::copy_file(built_plugin(plugin), path_ / (plugin + ".so"));
    return path_ / (plugin + ".so");
  }

 private:
  fs::path path_;
};

// Only this folder is searched: nothing of the machine's own takes part in a test.
inline Search only(const fs::path& folder) {
  Search search;
  search.plugin_dirs = {folder};
  return search;
}

// A folder of links to test plugins, and a host that loaded them.
class LoadedPlugins {
 public:
  LoadedPlugins(std::initializer_list<std::string> plugins) {
    for (const std::string& plugin : plugins) {
      fs::create_symlink(built_plugin(plugin), folder_.path() / (plugin + ".so"));
    }
    host_ = std::make_unique<Host>(only(folder_.path()));
  }
  const Host& host() const { return *host_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Host> host_;
};

inline std::unique_ptr<Graph> graph_of(const std::string& text) {
  std::unique_ptr<Graph> graph = parse_graph(text);
  bind_schemas(*graph, "test");
  check(*graph);
  return graph;
}

inline std::string exact_text(const Graph& graph) {
  return print(graph, PrintOptions::exact());
}

// The Error that fn throws; fails the test if it throws none.
template <class Fn>
Diagnostic error_of(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.diagnostic();
  }
  FAIL("nothing was thrown");
  throw std::logic_error("unreachable");
}

// The public name of the code, so that tests name it as users see it.
template <class Fn>
std::string code_of(Fn&& fn) {
  return std::string(code_name(error_of(fn).code));
}

}  // namespace fettle::test
