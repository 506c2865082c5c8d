#include "pipeline/program_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>
#include <map>
#include <unordered_map>

#include "graph/effects.hpp"
#include "graph/text.hpp"

namespace fettle {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestValue = 200;  // of a field that is shown

std::string shown(const json::value& value) {
  std::string text = json::serialize(value);
  if (text.size() > kLongestValue) {
    std::size_t end = kLongestValue;
    while ((static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;  // whole characters
    text = text.substr(0, end) + "…";
  }
  return text;
}

// Walks both documents at once, with an explicit stack; objects by key, lists by position.
class DocumentDiff {
 public:
  std::vector<FieldDiff> diff(const json::object& a, const json::object& b) {
    objects("", a, b);
    while (!pending_.empty()) {
      const Pair pair = std::move(pending_.back());
      pending_.pop_back();
      step(pair);
    }
    std::ranges::sort(out_, {}, &FieldDiff::name);
    return std::move(out_);
  }

 private:
  struct Pair {
    std::string path;
    const json::value *a, *b;
  };

  void step(const Pair& pair) {
    if (pair.a->is_object() && pair.b->is_object()) {
      objects(pair.path, pair.a->get_object(), pair.b->get_object());
    } else if (pair.a->is_array() && pair.b->is_array()) {
      arrays(pair);
    } else if (*pair.a != *pair.b) {
      out_.push_back({pair.path, shown(*pair.a), shown(*pair.b)});
    }
  }

  void objects(const std::string& path, const json::object& a, const json::object& b) {
    const auto below = [&](std::string_view key) {
      return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
    };
    for (const auto& [key, value] : a) {
      const json::value* other = b.if_contains(key);
      if (other)
        pending_.push_back({below(key), &value, other});
      else
        out_.push_back({below(key), shown(value), ""});
    }
    for (const auto& [key, value] : b) {
      if (!a.contains(key)) out_.push_back({below(key), "", shown(value)});
    }
  }

  void arrays(const Pair& pair) {
    const json::array &a = pair.a->get_array(), &b = pair.b->get_array();
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      const std::string path = fmt::format("{}[{}]", pair.path, i);
      if (i >= a.size())
        out_.push_back({path, "", shown(b[i])});
      else if (i >= b.size())
        out_.push_back({path, shown(a[i]), ""});
      else
        pending_.push_back({path, &a[i], &b[i]});
    }
  }

  std::vector<Pair> pending_;
  std::vector<FieldDiff> out_;
};

// Compares two tables by name; `text` is what a field says of an entry, `same` decides.
template <class Table, class Text, class Same>
std::vector<FieldDiff> diff_tables(const Table& a, const Table& b, Text text, Same same) {
  std::vector<FieldDiff> out;
  for (const auto& [name, entry] : a) {
    const auto other = b.find(name);
    if (other == b.end()) {
      out.push_back({std::string(name), text(*entry), ""});
    } else if (!same(*entry, *other->second)) {
      out.push_back({std::string(name), text(*entry), text(*other->second)});
    }
  }
  for (const auto& [name, entry] : b) {
    if (!a.contains(name)) out.push_back({std::string(name), "", text(*entry)});
  }
  return out;
}

bool same_bytes(const std::shared_ptr<const Storage>& a, const std::shared_ptr<const Storage>& b) {
  if (!a || !b) return a == b;
  if (a->size != b->size) return false;
  if (a->crc32 && b->crc32 && *a->crc32 != *b->crc32) return false;
  return a->data == b->data || a->size == 0 || std::memcmp(a->data, b->data, a->size) == 0;
}

// Names of the state dict. The graph's own constants are compared with the graph; here it is what
// they are filed as, and the tensors that no input names.
std::vector<FieldDiff> diff_payloads(const Program& a, const Program& b) {
  const auto table = [](const Program& program) {
    std::map<std::string_view, const Payload*> out;
    for (const Payload& payload : program.payloads) out.emplace(payload.name, &payload);
    return out;
  };
  const auto text = [](const Payload& p) {
    return fmt::format("{}{}{}: {}", p.weight ? "weight" : "constant",
                       p.is_param ? ", parameter" : "", p.lifted ? "" : ", in the state dict alone",
                       print_type(p.data.type));
  };
  return diff_tables(table(a), table(b), text, [](const Payload& p, const Payload& q) {
    return p.weight == q.weight && p.is_param == q.is_param && p.lifted == q.lifted &&
           (p.lifted || (p.data.type == q.data.type && same_bytes(p.data.storage, q.data.storage)));
  });
}

std::vector<FieldDiff> diff_records(const Program& a, const Program& b) {
  const auto table = [](const Program& program) {
    std::map<std::string_view, const Record*> out;
    for (const Record& record : program.records) {
      const bool provenance =
          record.path == "fettle/pipeline.json" || record.path == ".data/serialization_id";
      const bool sample =
          record.path.starts_with("fettle/outputs/") || record.path.starts_with("fettle/effects/");
      if (!provenance && !sample) out.emplace(record.path, &record);
    }
    return out;
  };
  const auto text = [](const Record& r) { return fmt::format("{} bytes", r.bytes->size); };
  return diff_tables(table(a), table(b), text,
                     [](const Record& p, const Record& q) { return same_bytes(p.bytes, q.bytes); });
}

// What the eager model returned and changed, by sample; records of these bytes are left out above.
std::vector<FieldDiff> diff_samples(const Program& a, const Program& b) {
  const auto table = [](const Program& program) {
    std::map<std::string, const ExpectedOutput*> out;
    for (std::size_t s = 0; s < program.samples.size(); ++s) {
      const Sample& sample = program.samples[s];
      for (std::size_t k = 0; k < sample.outputs.size(); ++k) {
        out.emplace(fmt::format("{}: output {}", s, k), &sample.outputs[k]);
      }
      if (!sample.effects) continue;
      for (const ExpectedEffect& effect : *sample.effects) {
        out.emplace(fmt::format("{}: {} '{}' after the run", s, effect_kind_name(effect.name.kind),
                                effect.name.target),
                    &effect.value);
      }
    }
    return out;
  };
  const auto text = [](const ExpectedOutput& o) {
    return o.tensor ? print_type(o.tensor->type) : shown(o.value);
  };
  const auto same = [](const ExpectedOutput& p, const ExpectedOutput& q) {
    if (!p.tensor || !q.tensor) return !p.tensor && !q.tensor && p.value == q.value;
    return p.tensor->type == q.tensor->type && same_bytes(p.tensor->storage, q.tensor->storage);
  };
  return diff_tables(table(a), table(b), text, same);
}

std::string fields_text(std::string_view title, const std::vector<FieldDiff>& fields) {
  if (fields.empty()) return {};
  std::string out = fmt::format("@@ {} @@\n", title);
  for (const FieldDiff& field : fields) {
    if (field.a == field.b) {
      out += fmt::format("! {}: {}  # differs: bytes\n", field.name, field.b);
      continue;
    }
    if (!field.a.empty()) out += fmt::format("- {}: {}\n", field.name, field.a);
    if (!field.b.empty()) out += fmt::format("+ {}: {}\n", field.name, field.b);
  }
  return out;
}

json::array fields_json(const std::vector<FieldDiff>& fields) {
  json::array out;
  for (const FieldDiff& field : fields) {
    out.push_back(json::object{{"name", field.name}, {"a", field.a}, {"b", field.b}});
  }
  return out;
}

json::array strings_json(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object node_json(const Graph& a, const Graph& b, const NodeDiff& node) {
  json::object out{{"change", change_name(node.change)}, {"fields", strings_json(node.fields)}};
  if (node.a) out["a"] = print_node(a, node.a);
  if (node.b) out["b"] = print_node(b, node.b);
  return out;
}

json::array blocks_json(const Graph& a, const Graph& b, const GraphDiff& diff) {
  json::array out;
  for (const BlockDiff& block : diff.blocks) {
    json::array nodes;
    for (const NodeDiff& node : block.nodes) {
      if (node.change == Change::same || node.change == Change::moved_from) continue;
      nodes.push_back(node_json(a, b, node));
    }
    if (nodes.empty() && block.fields.empty()) continue;
    const std::string_view name =
        block.b ? b.text(b.block(block.b).name) : a.text(a.block(block.a).name);
    out.push_back(json::object{{"graph", json::string(name)},
                               {"fields", strings_json(block.fields)},
                               {"nodes", std::move(nodes)}});
  }
  return out;
}

}  // namespace

ProgramDiff diff_programs(const Program& a, const Program& b) {
  return {diff_graphs(*a.graph, *b.graph), DocumentDiff().diff(a.document, b.document),
          diff_payloads(a, b), diff_samples(a, b), diff_records(a, b)};
}

std::string unified_text(const Program& a, const Program& b, const ProgramDiff& diff) {
  return unified_text(*a.graph, *b.graph, diff.graph) + fields_text("program", diff.document) +
         fields_text("state dict", diff.state_dict) +
         fields_text("samples", diff.samples) + fields_text("records", diff.records);
}

std::string summary_line(const ProgramDiff& diff) {
  if (diff.same()) return "the programs are the same";
  std::string out = diff.graph.same() ? "the graphs are the same" : summary_line(diff.graph);
  const auto add = [&](std::string_view one, std::string_view many, std::size_t count) {
    if (count > 0) out += fmt::format(", {} {}", count, count == 1 ? one : many);
  };
  add("field of the program differs", "fields of the program differ", diff.document.size());
  add("name of the state dict differs", "names of the state dict differ", diff.state_dict.size());
  add("stored result differs", "stored results differ", diff.samples.size());
  add("record differs", "records differ", diff.records.size());
  return out;
}

json::object to_json(const Program& a, const Program& b, const ProgramDiff& diff) {
  const GraphDiff::Tally tally = diff.graph.tally();
  json::array constants;
  for (const ConstantDiff& constant : diff.graph.constants) {
    constants.push_back(json::object{{"name", constant.name},
                                     {"change", change_name(constant.change)},
                                     {"fields", strings_json(constant.fields)}});
  }
  return {{"same", diff.same()},
          {"summary", summary_line(diff)},
          {"nodes", json::object{{"removed", tally.removed},
                                 {"added", tally.added},
                                 {"changed", tally.changed},
                                 {"renamed", tally.renamed},
                                 {"moved", tally.moved}}},
          {"graphs", blocks_json(*a.graph, *b.graph, diff.graph)},
          {"constants", std::move(constants)},
          {"program", fields_json(diff.document)},
          {"state_dict", fields_json(diff.state_dict)},
          {"samples", fields_json(diff.samples)},
          {"records", fields_json(diff.records)}};
}

}  // namespace fettle
