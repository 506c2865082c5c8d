// What tools/capture.py stores beside the program in fettle/: what the eager model returned
// and changed for the sample inputs, and the Python modules to import before torch.export.load. Absent from other
// archives.
#pragma once

#include "archive/program.hpp"
#include "archive/zip_reader.hpp"

namespace fettle {

// Fills samples and imports. Throws archive_capture.
void read_capture(const ZipReader& zip, Program& program);

}  // namespace fettle
