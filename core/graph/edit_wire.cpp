// What edits are made of, as bytes: arguments, types, constants, what was interned.
#include "graph/edit_wire.hpp"

#include <map>

#include "graph/edit_wire_reading.hpp"

namespace fettle {
namespace {

void write_size(ByteWriter& out, const SymInt& size) {
  out.number(size.value);
  out.text(size.expression);
  out.number(static_cast<std::uint8_t>(size.has_hint));
}

SymInt read_size(ByteReader& in) {
  SymInt size(in.number<std::int64_t>());
  size.expression = in.text();
  size.has_hint = in.boolean();
  return size;
}

std::vector<SymInt> read_sizes(ByteReader& in) {
  std::vector<SymInt> sizes(in.count());
  for (SymInt& size : sizes) size = read_size(in);
  return sizes;
}

void write_device(ByteWriter& out, const Device& device) {
  out.text(device.type);
  out.number(static_cast<std::uint8_t>(device.index.has_value()));
  out.number(device.index.value_or(0));
}

Device read_device(ByteReader& in) {
  Device device;
  device.type = in.utf8();
  const bool has_index = in.boolean();
  const auto index = in.number<std::int64_t>();
  if (has_index) device.index = index;
  return device;
}

// One of these for each alternative of Argument::Payload, in its order.
struct PayloadWriter {
  ByteWriter& out;
  void operator()(std::monostate) {}
  void operator()(bool value) { out.number(static_cast<std::uint8_t>(value)); }
  void operator()(std::int64_t value) { out.number(value); }
  void operator()(double value) { out.number(value); }
  void operator()(const std::complex<double>& value) {
    out.number(value.real());
    out.number(value.imag());
  }
  void operator()(StringId value) { out.id(value); }
  void operator()(Operand value) { out.number(value.index); }
  void operator()(const BlockRef& value) {
    out.id(value.block);
    out.id(value.name);
  }
  void operator()(const DeviceArgument& value) { write_device(out, *value); }
  void operator()(const std::vector<std::int64_t>& values) {
    out.list(values, [&](std::int64_t value) { out.number(value); });
  }
  void operator()(const std::vector<double>& values) {
    out.list(values, [&](double value) { out.number(value); });
  }
  void operator()(const std::vector<Argument>& values) {
    out.list(values, [&](const Argument& value) { write_argument(out, value); });
  }
  void operator()(const std::vector<DictEntry>& entries) {
    out.list(entries, [&](const DictEntry& entry) {
      out.id(entry.key);
      write_argument(out, entry.value);
    });
  }
};

}  // namespace

void write_argument(ByteWriter& out, const Argument& argument) {
  out.choice(argument.kind);
  out.number(static_cast<std::uint8_t>(argument.payload.index()));
  std::visit(PayloadWriter{out}, argument.payload);
}

void write_arguments(ByteWriter& out, const std::vector<NamedArgument>& arguments) {
  out.list(arguments, [&](const NamedArgument& argument) {
    out.id(argument.name);
    out.choice(argument.form);
    write_argument(out, argument.value);
  });
}

void write_metadata(ByteWriter& out, const std::vector<MetadataEntry>& metadata) {
  out.list(metadata, [&](const MetadataEntry& item) {
    out.id(item.key);
    out.id(item.text);
  });
}

StringId EditReading::optional_string() {
  const auto text = in.id<StringId>();
  if (text && text.index >= graph.strings().size()) {
    ByteReader::refuse("a string's id is not known");
  }
  return text;
}

StringId EditReading::string() {
  const StringId text = optional_string();
  if (!text) ByteReader::refuse("a string is missing");
  return text;
}

Argument::Payload EditReading::payload(int depth) {
  constexpr int kDeepest = 64;  // as lists in the text form
  if (depth > kDeepest) ByteReader::refuse("an argument's lists are nested too deep");
  switch (in.choice(static_cast<std::uint32_t>(std::variant_size_v<Argument::Payload>))) {
    case 0:
      return std::monostate{};
    case 1:
      return in.boolean();
    case 2:
      return in.number<std::int64_t>();
    case 3:
      return in.number<double>();
    case 4: {
      const auto real = in.number<double>();
      return std::complex<double>(real, in.number<double>());
    }
    case 5:
      return string();
    case 6:
      return Operand{in.number<std::uint32_t>()};
    case 7: {
      const auto block = in.id<BlockId>();
      return BlockRef{block, optional_string()};
    }
    case 8:
      return DeviceArgument(read_device(in));
    case 9: {
      std::vector<std::int64_t> values(in.count());
      for (auto& value : values) value = in.number<std::int64_t>();
      return values;
    }
    case 10: {
      std::vector<double> values(in.count());
      for (auto& value : values) value = in.number<double>();
      return values;
    }
    case 11: {
      std::vector<Argument> values(in.count());
      for (Argument& value : values) value = unchecked_argument(depth + 1);
      return values;
    }
    default: {
      std::vector<DictEntry> entries(in.count());
      for (DictEntry& entry : entries) {
        entry.key = string();
        entry.value = unchecked_argument(depth + 1);
      }
      return entries;
    }
  }
}

Argument EditReading::unchecked_argument(int depth) {
  Argument argument;
  argument.kind = in.choice(ArgKind::dict);
  argument.payload = payload(depth);
  return argument;
}

Argument EditReading::argument() {
  Argument argument = unchecked_argument(0);
  if (!payload_fits_kind(argument)) ByteReader::refuse("an argument is not of the kind it says");
  return argument;
}

std::vector<NamedArgument> EditReading::arguments() {
  std::vector<NamedArgument> arguments(in.count());
  for (NamedArgument& argument : arguments) {
    argument.name = optional_string();
    argument.form = in.choice(ArgForm::defaulted);
    argument.value = this->argument();
  }
  return arguments;
}

std::vector<MetadataEntry> EditReading::metadata() {
  std::vector<MetadataEntry> metadata(in.count());
  for (MetadataEntry& item : metadata) {
    item.key = optional_string();
    item.text = optional_string();
  }
  return metadata;
}

void write_type(ByteWriter& out, const Type& type) {
  const auto size = [&](const SymInt& s) { write_size(out, s); };
  out.choice(type.kind);
  out.choice(type.dtype);
  out.choice(type.layout);
  out.number(static_cast<std::uint8_t>(type.requires_grad));
  out.list(type.sizes, size);
  out.list(type.strides, size);
  size(type.storage_offset);
  write_device(out, type.device);
  size(type.scalar);
  out.text(type.text);
}

Type read_type(ByteReader& in) {
  Type type;
  type.kind = in.choice(TypeKind::none);
  const auto dtype = in.number<std::uint8_t>();
  if (dtype != 0 && !dtype_from_number(dtype)) ByteReader::refuse("a dtype is not known");
  type.dtype = static_cast<DType>(dtype);
  type.layout = in.choice(Layout::strided);
  type.requires_grad = in.boolean();
  type.sizes = read_sizes(in);
  type.strides = read_sizes(in);
  type.storage_offset = read_size(in);
  type.device = read_device(in);
  type.scalar = read_size(in);
  type.text = in.text();
  return type;
}

Interned Interned::of(const Graph& graph) {
  return {static_cast<std::uint32_t>(graph.strings().size()),
          static_cast<std::uint32_t>(graph.types().size())};
}

EditPosition EditPosition::end_of(const EditRecorder& recorder) {
  return {recorder.bytes().size(), recorder.constants().size()};
}

EditSpan edits_since(const EditRecorder& recorder, EditPosition position) {
  return {recorder.bytes().substr(position.calls),
          std::span(recorder.constants()).subspan(position.constants),
          static_cast<std::uint32_t>(position.constants)};
}

namespace {

void write_interned(ByteWriter& out, const Graph& graph, Interned known) {
  const Interned now = Interned::of(graph);
  out.number(known.strings);
  out.number(known.types);
  out.count(now.strings - known.strings);
  for (std::uint32_t i = known.strings; i < now.strings; ++i) out.text(graph.text(StringId(i)));
  out.count(now.types - known.types);
  for (std::uint32_t i = known.types; i < now.types; ++i) {
    write_type(out, graph.types().type(TypeId(i)));
  }
}

void read_interned(ByteReader& in, const Graph& graph) {
  const Interned now = Interned::of(graph);
  if (in.number<std::uint32_t>() != now.strings || in.number<std::uint32_t>() != now.types) {
    ByteReader::refuse("the two sides have not the same strings and types");
  }
  std::uint32_t next = now.strings;
  for (std::size_t n = in.count(); n > 0; --n) {
    if (graph.intern(in.text()).index != next++) ByteReader::refuse("a string is not new");
  }
  next = now.types;
  for (std::size_t n = in.count(); n > 0; --n) {
    if (graph.intern(read_type(in)).index != next++) ByteReader::refuse("a type is not new");
  }
}

// Constants may share one storage; so do their copies.
void write_constants(ByteWriter& out, const EditSpan& edits) {
  std::map<const Storage*, std::uint32_t> written;
  out.number(edits.first_constant);
  out.list(edits.constants, [&](const TensorData& data) {
    write_type(out, data.type);
    const auto [at, is_new] =
        written.emplace(data.storage.get(), static_cast<std::uint32_t>(written.size()));
    out.number(at->second);
    if (is_new) {
      out.text({reinterpret_cast<const char*>(data.storage->data), data.storage->size});
    }
  });
}

std::vector<TensorData> read_constants(ByteReader& in) {
  std::vector<std::shared_ptr<const Storage>> storages;
  std::vector<TensorData> constants(in.count());
  for (TensorData& data : constants) {
    data.type = read_type(in);
    const auto index = in.number<std::uint32_t>();
    if (index > storages.size()) ByteReader::refuse("a constant has no bytes");
    if (index == storages.size()) {
      const std::string_view bytes = in.text();
      storages.push_back(make_storage(bytes.data(), bytes.size()));
    }
    data.storage = storages[index];
  }
  return constants;
}

void write_bounds(ByteWriter& out, const Graph& graph) {
  for (const std::uint32_t bound : {graph.node_bound(), graph.value_bound(), graph.block_bound()}) {
    out.number(bound);
  }
}

void require_bounds(ByteReader& in, const Graph& graph) {
  for (const std::uint32_t bound : {graph.node_bound(), graph.value_bound(), graph.block_bound()}) {
    if (in.number<std::uint32_t>() != bound) {
      ByteReader::refuse("replaying did not lead to as many nodes, values and blocks");
    }
  }
}

}  // namespace

void write_edits(ByteWriter& out, const Graph& graph, Interned known, const EditSpan& edits) {
  write_interned(out, graph, known);
  write_constants(out, edits);
  out.text(edits.calls);
  write_bounds(out, graph);
}

void replay_edits(ByteReader& in, const Graph& graph, Journal* open, const BeginJournal& begin) {
  read_interned(in, graph);
  const auto first_constant = in.number<std::uint32_t>();
  std::vector<TensorData> constants = read_constants(in);
  ByteReader calls(in.text());
  EditReplay replay(calls, graph, first_constant, std::move(constants));
  while (!calls.at_end()) replay.one_call(open, begin);
  require_bounds(in, graph);
}

}  // namespace fettle
