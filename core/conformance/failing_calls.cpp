#include "conformance/failing_calls.hpp"

#include <utility>

#include "host/abi_tables.hpp"
#include "host/context.hpp"

namespace fettle::conformance {
namespace {

// A plain function has nowhere else to keep it.
struct Plan {
  std::uint64_t call = 0, made = 0;
  fettle_status status = FETTLE_OK;
  const char* failed = nullptr;
} plan;

bool is_due(const char* function) {
  if (++plan.made != plan.call) return false;
  plan.failed = function;
  return true;
}

template <class Table>
struct Original;
template <>
struct Original<fettle_graph_v1> {
  static constexpr auto& table = kGraphTable;
};
template <>
struct Original<fettle_facts_v1> {
  static constexpr auto& table = kFactsTable;
};
template <>
struct Original<fettle_edit_v1> {
  static constexpr auto& table = kEditTable;
};
template <>
struct Original<fettle_blocks_v1> {
  static constexpr auto& table = kBlocksTable;
};
template <>
struct Original<fettle_evaluate_v1> {
  static constexpr auto& table = kEvaluateTable;
};
template <>
struct Original<fettle_program_v1> {
  static constexpr auto& table = kProgramTable;
};
template <>
struct Original<fettle_shapes_v1> {
  static constexpr auto& table = kShapesTable;
};
template <>
struct Original<fettle_dominance_v1> {
  static constexpr auto& table = kDominanceTable;
};
template <>
struct Original<fettle_liveness_v1> {
  static constexpr auto& table = kLivenessTable;
};
template <>
struct Original<fettle_cost_v1> {
  static constexpr auto& table = kCostTable;
};
template <>
struct Original<fettle_types_v1> {
  static constexpr auto& table = kTypesTable;
};
template <>
struct Original<fettle_answers_v1> {
  static constexpr auto& table = kAnswersTable;
};
template <>
struct Original<fettle_gradients_v1> {
  static constexpr auto& table = kGradientsTable;
};
template <>
struct Original<fettle_rewrites_v1> {
  static constexpr auto& table = kRewritesTable;
};

// A copy of a table, some of whose slots may fail.
template <class Table>
class Failing {
 public:
  Failing() : table_(&copy()) {}

  template <auto Slot>
  Failing& slot(const char* name) {
    Call<Slot>::name = name;
    table_->*Slot = &Call<Slot>::run;
    return *this;
  }
  void offer(AlteredHost& host, std::string_view id) const { host.replace(id, table_); }

 private:
  static Table& copy() {  // valid for the process
    static Table table = Original<Table>::table;
    return table;
  }
  template <auto Slot>
  struct Call;
  template <class... Args, fettle_status (*Table::*Slot)(fettle_ctx*, Args...)>
  struct Call<Slot> {
    static inline const char* name = "";
    static fettle_status run(fettle_ctx* ctx, Args... args) {
      if (is_due(name)) {
        return refuse(ctx, plan.status, std::string(name) + " was made to fail, as a check");
      }
      return (Original<Table>::table.*Slot)(ctx, args...);
    }
  };

  Table* table_;
};

}  // namespace

void fail_call(std::uint64_t call, fettle_status status) {
  plan = {.call = call, .status = status};
}
std::uint64_t calls_made() {
  return plan.made;
}
const char* failed_function() {
  return plan.failed;
}

#define SLOT(member) slot<&Table::member>(#member)

void install_failing_calls(AlteredHost& host) {
  {
    using Table = fettle_graph_v1;
    Failing<Table>()
        .SLOT(node_info)
        .SLOT(value_info)
        .SLOT(node_arg)
        .SLOT(node_arg_named)
        .SLOT(value_uses)
        .SLOT(type)
        .SLOT(node_metadata)
        .SLOT(columns)
        .SLOT(node_text)
        .SLOT(output_info)
        .offer(host, FETTLE_GRAPH_ID);
  }
  {
    using Table = fettle_facts_v1;
    Failing<Table>()
        .SLOT(call_facts)
        .SLOT(alias_classes)
        .SLOT(call_hash)
        .SLOT(same_call)
        .offer(host, FETTLE_FACTS_ID);
  }
  {
    using Table = fettle_edit_v1;
    Failing<Table>()
        .SLOT(rewrite_begin)
        .SLOT(rewrite_end)
        .SLOT(create_node)
        .SLOT(erase_node)
        .SLOT(replace_all_uses)
        .SLOT(set_operand)
        .SLOT(set_arg)
        .SLOT(move_before)
        .SLOT(set_type)
        .SLOT(intern_type)
        .SLOT(add_constant)
        .offer(host, FETTLE_EDIT_ID);
  }
  {
    using Table = fettle_blocks_v1;
    Failing<Table>()
        .SLOT(nested_call)
        .SLOT(create_block)
        .SLOT(create_placeholder)
        .SLOT(append_node)
        .SLOT(create_output)
        .SLOT(clone_block)
        .SLOT(inline_block)
        .SLOT(pass_value)
        .SLOT(drop_input)
        .offer(host, FETTLE_BLOCKS_ID);
  }
  {
    using Table = fettle_evaluate_v1;
    Failing<Table>().SLOT(constant).SLOT(call).offer(host, FETTLE_EVALUATE_ID);
  }
  {
    using Table = fettle_program_v1;
    Failing<Table>()
        .SLOT(input)
        .SLOT(output)
        .SLOT(sample_inputs)
        .SLOT(eager_outputs)
        .SLOT(run)
        .SLOT(bind)
        .SLOT(launch)
        .SLOT(synchronize)
        .SLOT(effect)
        .SLOT(eager_effect)
        .offer(host, FETTLE_PROGRAM_ID);
  }
  {
    using Table = fettle_shapes_v1;
    Failing<Table>()
        .SLOT(symbol)
        .SLOT(check)
        .SLOT(evaluate)
        .SLOT(text)
        .SLOT(tensor_bytes)
        .offer(host, FETTLE_SHAPES_ID);
  }
  {
    using Table = fettle_dominance_v1;
    Failing<Table>().SLOT(tree).SLOT(frontier).SLOT(regions).offer(host, FETTLE_DOMINANCE_ID);
  }
  {
    using Table = fettle_liveness_v1;
    Failing<Table>().SLOT(of_block).SLOT(last_use).offer(host, FETTLE_LIVENESS_ID);
  }
  {
    using Table = fettle_cost_v1;
    Failing<Table>().SLOT(of_graph).offer(host, FETTLE_COST_ID);
  }
  {
    using Table = fettle_types_v1;
    Failing<Table>().SLOT(infer).SLOT(propagate).offer(host, FETTLE_TYPES_ID);
  }
  {
    using Table = fettle_answers_v1;
    Failing<Table>().SLOT(get).offer(host, FETTLE_ANSWERS_ID);
  }
  {
    using Table = fettle_gradients_v1;
    Failing<Table>().SLOT(leaf).SLOT(run).offer(host, FETTLE_GRADIENTS_ID);
  }
  {
    using Table = fettle_rewrites_v1;
    Failing<Table>().SLOT(info).SLOT(cut).offer(host, FETTLE_REWRITES_ID);
  }
}

#undef SLOT

}  // namespace fettle::conformance
