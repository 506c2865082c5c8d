// What stands behind fettle_program and fettle_bound.
#pragma once

#include "host/context.hpp"
#include "host/program_handle.hpp"

struct fettle_program {
  fettle_program(const fettle::ProgramHandle& h, std::uint64_t unique)
      : handle(h),
        id(unique),
        analyses(h.graph()),
        graph(analyses),
        device(fettle::to_string(h.device())) {}

  const fettle::ProgramHandle& handle;
  std::uint64_t id;
  fettle::AnalysisManager analyses;
  fettle_graph graph;
  std::string device;
};

struct fettle_bound {
  std::shared_ptr<fettle::Executable> executable;
  std::vector<fettle::RunValue> inputs;
};

namespace fettle {

// abi_program.cpp, for the other tables about programs.
std::uint64_t program_input_count(const fettle_program& program);
std::uint64_t program_output_count(const fettle_program& program);
void put_effect(const EffectName& name, ValueId value, fettle_effect* out);  // `name` must live on
void to_cpu(std::vector<RunValue>& values);

}  // namespace fettle
