// Where a run will write, checked before it: a run that takes minutes must not end by finding out
// that its result has no place, and a report must not replace the model that it reports on.
#pragma once

#include "arguments.hpp"

namespace fettle {

// Needs the options of `fettle run`. Throws archive_write or report_unwritable for what cannot be
// written, and usage_bad_argument where one file is named twice.
void check_destinations(const Arguments& arguments);

// The same for `fettle inspect`, whose output may replace no program.
void check_view_destination(const Arguments& arguments);

}  // namespace fettle
