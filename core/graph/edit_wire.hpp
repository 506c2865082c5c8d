// Recorded edits from one process to another: what EditRecorder wrote, the strings and types that
// it names, the constants that it added; and their replay.
//
// Both sides begin with equal graphs, interned strings and types included. Each message brings what
// its sender interned since (in order, so that ids come out the same), then the calls, and then how
// many strings, types, nodes, values and blocks there must be afterwards.
//
// The reader trusts nothing: ids, enum values, kinds of arguments, lengths and order are checked
// here or by the journal, before they are used. What does not fit is Error: isolation_bad_answer or
// what the journal says, with the edits before it done; the caller rolls its journal back.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "graph/edit_recorder.hpp"
#include "graph/graph.hpp"
#include "graph/journal.hpp"

namespace fettle {

void write_argument(ByteWriter& out, const Argument& argument);
void write_arguments(ByteWriter& out, const std::vector<NamedArgument>& arguments);
void write_metadata(ByteWriter& out, const std::vector<MetadataEntry>& metadata);
void write_type(ByteWriter& out, const Type& type);
Type read_type(ByteReader& in);

// How much of a graph's strings and types the other side has.
struct Interned {
  std::uint32_t strings = 0, types = 0;
  static Interned of(const Graph& graph);
};

// Part of what a recorder holds.
struct EditSpan {
  std::string_view calls;
  std::span<const TensorData> constants;  // those that the calls add …
  std::uint32_t first_constant = 0;       // … whose indices begin here
};

// Where a reader stands in a recorder: what was sent is behind it.
struct EditPosition {
  std::size_t calls = 0, constants = 0;
  static EditPosition end_of(const EditRecorder& recorder);
};
EditSpan edits_since(const EditRecorder& recorder, EditPosition position);

void write_edits(ByteWriter& out, const Graph& graph, Interned known, const EditSpan& edits);

// Replays into the journal that `begin` answers where one was begun; what comes before goes into
// `open`, which may be null.
using BeginJournal = std::function<Journal*()>;
void replay_edits(ByteReader& in, const Graph& graph, Journal* open, const BeginJournal& begin);

}  // namespace fettle
