// The reader's halves, for edit_wire.cpp and edit_replay.cpp alone.
#pragma once

#include "graph/edit_wire.hpp"

namespace fettle {

// Parts of a call, with every id of a string held against the graph's.
struct EditReading {
  ByteReader& in;
  const Graph& graph;

  StringId string();
  StringId optional_string();
  Argument argument();
  std::vector<NamedArgument> arguments();
  std::vector<MetadataEntry> metadata();

 private:
  Argument unchecked_argument(int depth);
  Argument::Payload payload(int depth);
};

class EditReplay {
 public:
  EditReplay(ByteReader& in, const Graph& graph, std::uint32_t first_constant,
             std::vector<TensorData> constants)
      : in_(in),
        read_{in, graph},
        first_constant_(first_constant),
        constants_(std::move(constants)) {}

  // Reads the next call and carries it out in `journal`, which `begin` may replace.
  void one_call(Journal*& journal, const BeginJournal& begin);

 private:
  void carry_out(EditCall call, Journal& journal);
  void create_node(Journal& journal);
  void set_arguments(Journal& journal);
  void set_input_spec(Journal& journal);
  void set_output_specs(Journal& journal);
  void add_constant(Journal& journal);
  std::vector<ValueId> operands();

  ByteReader& in_;
  EditReading read_;
  std::uint32_t first_constant_;
  std::vector<TensorData> constants_;
};

}  // namespace fettle
