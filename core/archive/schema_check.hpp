// Which versions of the schema and of ATen's operators a program may have been written to.
//
//   another major schema     refused: fields mean something else
//   another minor one        read with a warning; what it has beyond ours is kept as it is, and the
//                            warning names it
//   a newer ATen opset       refused: an operator of a known name computes something else there
//   an older one             read with a warning: operators compute what they compute in
//   torch 2.13,
//                            as in torch.export.load, which does not look
#pragma once

#include "archive/json_ref.hpp"
#include "archive/originals.hpp"
#include "archive/program.hpp"

namespace fettle {

// Throws archive_schema; warns with archive_older_opset.
void check_versions(const JsonRef& document, Program& program);

// For another minor version, once all is read: warns with archive_other_minor.
void warn_of_unknown(const Originals& originals, Program& program);

}  // namespace fettle
