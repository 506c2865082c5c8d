// What stands behind fettle_program and fettle_bound.
#pragma once

#include "host/context.hpp"
#include "host/program_handle.hpp"

struct fettle_program {
  fettle_program(const fettle::ProgramHandle& h, std::uint64_t unique)
      : handle(h), id(unique), graph(h.graph()), device(fettle::to_string(h.device())) {}

  const fettle::ProgramHandle& handle;
  std::uint64_t id;
  fettle_graph graph;
  std::string device;
};

struct fettle_bound {
  std::shared_ptr<fettle::Executable> executable;
  std::vector<fettle::RunValue> inputs;
};
