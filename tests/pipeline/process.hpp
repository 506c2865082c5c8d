// Running build/fettle as a person would, and models to run it on.
#pragma once

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace fettle::test {

namespace fs = std::filesystem;

class Folder {  // goes away with the test
 public:
  Folder() {
    std::string made = (fs::temp_directory_path() / "fettle-pipeline-XXXXXX").string();
    if (!mkdtemp(made.data())) throw std::runtime_error("no temporary folder");
    path_ = fs::canonical(made);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

 private:
  fs::path path_;
};

inline std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Finished {
  int status;  // exit status, or 1000 + signal
  std::string out, err;
};

// The command with the executable under test for {fettle}.
inline std::string expanded(std::string command) {
  const std::string placeholder = "{fettle}";
  for (std::size_t at; (at = command.find(placeholder)) != std::string::npos;) {
    command.replace(at, placeholder.size(), FETTLE_EXECUTABLE);
  }
  return command;
}

// Runs a shell command line in which {fettle} is the executable under test.
inline Finished shell(const std::string& command) {
  const Folder folder;
  const std::string line = "{ " + expanded(command) + "; } >'" + (folder / "out").string() + "' 2>'" +
                           (folder / "err").string() + "' </dev/null";
  const int raw = std::system(line.c_str());
  const int status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 1000 + WTERMSIG(raw);
  return {status, read_file(folder / "out"), read_file(folder / "err")};
}

inline Finished fettle_command(const std::vector<std::string>& arguments) {
  std::string line = "{fettle}";
  for (const std::string& argument : arguments) line += " '" + argument + "'";
  return shell(line);
}

// A captured model, or empty when FETTLE_MODELS does not say where they are.
inline std::string model(const std::string& name) {
  const char* folder = std::getenv("FETTLE_MODELS");
  return folder ? (fs::path(folder) / (name + ".pt2")).string() : "";
}

}  // namespace fettle::test
