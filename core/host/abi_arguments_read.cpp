// Argument → fettle_arg: what node_arg answers.
#include "host/abi_arguments.hpp"

namespace fettle {
namespace {

// The ABI's numbers are ArgKind's, and what holds a payload follows from the variant.
static_assert(FETTLE_ARG_NONE == static_cast<unsigned>(ArgKind::none) &&
              FETTLE_ARG_NESTED_TENSORS == static_cast<unsigned>(ArgKind::nested_tensors) &&
              FETTLE_ARG_INT_LISTS == static_cast<unsigned>(ArgKind::integer_lists) &&
              FETTLE_ARG_COMPLEX == static_cast<unsigned>(ArgKind::complex_number) &&
              FETTLE_ARG_SYM_BOOLS == static_cast<unsigned>(ArgKind::sym_bools) &&
              FETTLE_ARG_DEVICE == static_cast<unsigned>(ArgKind::device) &&
              FETTLE_ARG_DICT == static_cast<unsigned>(ArgKind::dict));
static_assert(FETTLE_FORM_POSITIONAL == static_cast<unsigned>(ArgForm::positional) &&
              FETTLE_FORM_KEYWORD == static_cast<unsigned>(ArgForm::keyword) &&
              FETTLE_FORM_DEFAULTED == static_cast<unsigned>(ArgForm::defaulted));

fettle_arg empty_arg() {
  fettle_arg out{};
  out.value = FETTLE_NONE;
  out.block = FETTLE_NONE;
  out.operand = FETTLE_NONE;
  return out;
}

class Reader {
 public:
  Reader(fettle_ctx& ctx, const Graph& graph, const Node& node)
      : ctx_(ctx), graph_(graph), node_(node) {}

  fettle_arg read(const Argument& argument) {
    fettle_arg out = empty_arg();
    out.kind = static_cast<std::uint32_t>(argument.kind);
    std::visit([&](const auto& payload) { put(out, payload); }, argument.payload);
    return out;
  }

 private:
  void put(fettle_arg& out, std::monostate) { out.payload = FETTLE_PAYLOAD_NONE; }
  void put(fettle_arg& out, bool v) { out.payload = FETTLE_PAYLOAD_BOOL, out.i = v; }
  void put(fettle_arg& out, std::int64_t v) { out.payload = FETTLE_PAYLOAD_INT, out.i = v; }
  void put(fettle_arg& out, double v) { out.payload = FETTLE_PAYLOAD_FLOAT, out.f = v; }
  void put(fettle_arg& out, const std::complex<double>& v) {
    out.payload = FETTLE_PAYLOAD_COMPLEX, out.f = v.real(), out.imaginary = v.imag();
  }
  void put(fettle_arg& out, StringId v) {
    out.payload = FETTLE_PAYLOAD_STRING, out.s = fettle::to_abi(graph_.text(v));
  }
  void put(fettle_arg& out, Operand v) {
    out.payload = FETTLE_PAYLOAD_VALUE;
    out.operand = v.index;
    out.value = node_.operands[v.index].index;
  }
  void put(fettle_arg& out, const BlockRef& v) {
    out.payload = FETTLE_PAYLOAD_BLOCK, out.block = v.block.index,
    out.s = fettle::to_abi(graph_.text(v.name));
  }
  void put(fettle_arg& out, const DeviceArgument& device) {
    const Device& v = *device;
    out.payload = FETTLE_PAYLOAD_DEVICE, out.s = fettle::to_abi(v.type),
    out.i = v.index.value_or(-1);
  }
  void put(fettle_arg& out, const std::vector<std::int64_t>& v) {
    out.payload = FETTLE_PAYLOAD_INTS, out.n = v.size(), out.ints = v.data();
  }
  void put(fettle_arg& out, const std::vector<double>& v) {
    out.payload = FETTLE_PAYLOAD_FLOATS, out.n = v.size(), out.floats = v.data();
  }
  void put(fettle_arg& out, const std::vector<Argument>& v) {
    fettle_arg* elements = ctx_.allocate<fettle_arg>(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) elements[i] = read(v[i]);
    out.payload = FETTLE_PAYLOAD_LIST, out.n = v.size(), out.elements = elements;
  }
  void put(fettle_arg& out, const std::vector<DictEntry>& v) {
    fettle_arg* elements = ctx_.allocate<fettle_arg>(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) {
      elements[i] = read(v[i].value);
      elements[i].name = fettle::to_abi(graph_.text(v[i].key));
    }
    out.payload = FETTLE_PAYLOAD_DICT, out.n = v.size(), out.elements = elements;
  }

  fettle_ctx& ctx_;
  const Graph& graph_;
  const Node& node_;
};

}  // namespace

fettle_arg to_abi(fettle_ctx& ctx, const Graph& graph, const Node& node,
                  const NamedArgument& argument) {
  fettle_arg out = Reader(ctx, graph, node).read(argument.value);
  out.name = to_abi(graph.text(argument.name));
  out.form = static_cast<std::uint32_t>(argument.form);
  return out;
}

}  // namespace fettle
