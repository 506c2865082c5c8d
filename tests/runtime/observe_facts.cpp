// Facts against what operators do, in place: runs each program on its sample inputs and holds every
// call against its facts. No result may share storage, no operand change and no form of one, unless
// the facts say that it may.
//
//   observe_facts FILE.pt2 …     prints what is wrong, and how many operators were seen; exit 1 if any
#include <cstdio>
#include <map>
#include <set>

#include "archive/program.hpp"
#include "archive/sample_inputs.hpp"
#include "ops/facts.hpp"
#include "runtime/executable.hpp"

using namespace fettle;

namespace {

const Tensor* tensor_of(const RunValue& value) {
  const auto* tensor = std::get_if<Tensor>(&value);
  return tensor && tensor->defined() ? tensor : nullptr;
}

struct Form {
  std::vector<std::byte> bytes;
  Type type;
  friend bool operator==(const Form&, const Form&) = default;
};

Form form_of(const RunValue& value) {
  const Tensor* tensor = tensor_of(value);
  if (!tensor) return {};
  try {
    const TensorData data = tensor->to_constant();
    return {{data.storage->data, data.storage->data + data.storage->size}, tensor->type()};
  } catch (const Error&) {
    return {};  // sparse
  }
}

bool share(const RunValue& a, const RunValue& b) {
  const Tensor *x = tensor_of(a), *y = tensor_of(b);
  return x && y && x->shares_storage(*y);
}

class Observer {
 public:
  Observer(const Graph& graph, std::string file) : graph_(graph), file_(std::move(file)) {}

  void before(NodeId node, std::span<const RunValue> operands) {
    Open& open = open_.emplace_back();
    open.node = node;
    open.operands.assign(operands.begin(), operands.end());
    for (const RunValue& operand : operands) open.forms.push_back(form_of(operand));
  }

  void after(NodeId node, std::span<const RunValue> results) {
    const Open open = std::move(open_.back());
    open_.pop_back();
    operators_.insert(std::string(graph_.text(graph_.node(node).op)));
    const CallFacts facts = call_facts(graph_, node);
    if (!facts.known) return;
    const auto may_be = [&](const RunValue& value, const std::vector<std::uint32_t>& operands) {
      for (std::uint32_t k : operands)
        if (share(value, open.operands[k])) return true;
      return false;
    };
    for (std::uint32_t k = 0; k < open.operands.size(); ++k) {
      if (form_of(open.operands[k]) != open.forms[k] && !may_be(open.operands[k], facts.writes))
        wrong(node, "changes operand " + std::to_string(k));
      for (std::uint32_t r = 0; r < results.size(); ++r)
        if (share(results[r], open.operands[k]) && !may_be(results[r], facts.results_alias[r]))
          wrong(node, "result " + std::to_string(r) + " shares storage with operand " +
                          std::to_string(k));
    }
    for (std::uint32_t r = 0; r < results.size(); ++r)
      for (std::uint32_t s = 0; s < r; ++s)
        if (share(results[r], results[s]) && facts.results_alias[r].empty() &&
            !facts.results_share)
          wrong(node, "results " + std::to_string(s) + " and " + std::to_string(r) +
                          " share storage");
  }

  bool found() const { return found_; }
  const std::set<std::string>& operators() const { return operators_; }

 private:
  struct Open {  // calls that own nested graphs are open around those inside
    NodeId node;
    std::vector<RunValue> operands;
    std::vector<Form> forms;
  };
  void wrong(NodeId node, const std::string& what) {
    found_ = true;
    std::printf("%s: %s (%s) %s\n", file_.c_str(),
                std::string(graph_.text(graph_.node(node).name)).c_str(),
                std::string(graph_.text(graph_.node(node).op)).c_str(), what.c_str());
  }

  const Graph& graph_;
  std::string file_;
  std::vector<Open> open_;
  std::set<std::string> operators_;
  bool found_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  bool found = false;
  std::set<std::string> operators;
  for (int k = 1; k < argc; ++k) {
    try {
      const Program program = read_program(argv[k]);
      Observer observer(*program.graph, argv[k]);
      const NodeHook hook{[&](NodeId node, auto operands) { observer.before(node, operands); },
                          [&](NodeId node, auto results) { observer.after(node, results); }};
      RunOptions options;
      options.seed = 0;
      options.hook = &hook;
      Executable executable(*program.graph, {});
      for (const Sample& sample : program.samples)
        executable.run(load_sample_inputs(program, sample), options);
      found = found || observer.found();
      operators.insert(observer.operators().begin(), observer.operators().end());
    } catch (const Error& error) {
      std::printf("%s: not run: %s\n", argv[k], error.what());
    }
  }
  for (const std::string& op : operators) std::printf("seen %s\n", op.c_str());
  return found ? 1 : 0;
}
