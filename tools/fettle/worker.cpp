#include "worker.hpp"

#include "base/child_process.hpp"
#include "common_options.hpp"
#include "isolation/serve.hpp"
#include "programs.hpp"
#include "trial.hpp"

namespace fettle {
namespace {

int run(const Invocation& invocation, const Arguments& arguments) {
  std::optional<Host> host;
  std::optional<Program> program;
  try {
    host.emplace(plugin_search(arguments, invocation.executable));
    program.emplace(load_program(arguments, arguments.text("MODEL.pt2")));
  } catch (const Error& error) {
    refuse_to_serve(kChildChannel, error.diagnostic());
    return 1;
  }
  serve(kChildChannel, *host, *program->graph);
  return 0;
}

}  // namespace

CommandSpec worker_command_spec() {
  return {.name = "worker",
          .summary = "run isolated passes for another fettle",
          .synopsis = {"worker MODEL.pt2"},
          .description = {"Started by 'fettle run' for passes that the pipeline isolates; answers "
                          "on the socket that it is given."},
          .positionals = {{.name = "MODEL.pt2", .help = "The program that the run has."}},
          .options = with_program_options({plugin_dir_option()}),
          .run = run};
}

std::vector<std::string> worker_command(const std::filesystem::path& executable,
                                        const Arguments& arguments) {
  return command_line(executable, worker_command_spec(), arguments, {}, {},
                      arguments.text("MODEL.pt2"));
}

}  // namespace fettle
