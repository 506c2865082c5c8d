// From an exception to a message on stderr and the exit status that DESIGN 7 promises.
#pragma once

#include <exception>
#include <iosfwd>

#include "base/error.hpp"

namespace fettle {

int exit_status(Blame blame);
int describe_failure(std::exception_ptr failure, std::ostream& messages);

// Flushes stdout; throws output_unwritable when results were lost. A reader that went away is no
// loss.
void flush_results();

}  // namespace fettle
