// What write_program needs beside the graph, for programs that did not come from a .pt2: the rest of
// the model's JSON, the archive's own small records, and samples as tools/capture.py stores them.
#pragma once

#include <string>
#include <vector>

#include "archive/program.hpp"

namespace fettle {

// How Python calls the program, as torch.utils._pytree's treespec_dumps writes it.
struct CallingConvention {
  std::string in_spec;   // of ((args…), {kwargs…})
  std::string out_spec;
  std::vector<std::string> argument_names;
};

// Fills root, document and records of a program whose graph is complete.
void complete_program(Program& program, const CallingConvention& convention,
                      const std::string& torch_version);

// Adds a sample: `inputs` is torch.save's pickle of (args, kwargs); outputs in the signature's order.
// `outputs_from` is whose outputs they are, as Program has it, and `source` the file they come from; both
// go into fettle/capture.json. One sample a program.
void add_sample(Program& program, std::shared_ptr<const Storage> inputs,
                std::vector<ExpectedOutput> outputs, const std::string& outputs_from,
                const std::string& torch_version, const std::string& source);

}  // namespace fettle
