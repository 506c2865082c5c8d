// What an archive of torch's holds: exported programs, which one is meant, and what it is instead.
#pragma once

#include <string>
#include <string_view>

#include "archive/zip_reader.hpp"

namespace fettle {

// Other files of torch are zips too: throws archive_not_program with what this one is, or
// archive_schema, archive_unsupported.
void check_format(const ZipReader& zip);

// The name of the program to read: the only one, or `asked_for` (archive_model). Refuses compiled
// code, and weights in a form that cannot be mapped (archive_unsupported).
std::string find_model(const ZipReader& zip, std::string_view asked_for);

}  // namespace fettle
