// A host like the usual one, except where a check altered it: an extension that is not there, a
// table that ends where version 1.0's did, one that goes on behind what the plugin knows, or one
// some of whose functions do something else.
//
// A plugin asks for extensions through a plain function, so that there is one altered host at a
// time in a process. Tables that were handed out stay valid for the process, as the ABI says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fettle/fettle.h"

namespace fettle::conformance {

class AlteredHost {
 public:
  AlteredHost();
  ~AlteredHost();  // its extensions are the usual ones again
  AlteredHost(const AlteredHost&) = delete;
  AlteredHost& operator=(const AlteredHost&) = delete;

  void replace(std::string_view id, const void* table);  // null: not offered
  void cut(std::uint32_t minor);  // as version 1.minor has them: 1.0, or today's
  void grow();                    // the host and all tables longer than anybody knows them

  const fettle_host& table() const { return *table_; }

 private:
  fettle_host* own_;  // valid for the process, too
  const fettle_host* table_;
};

// A copy of a struct that starts with `size`: cut to so many bytes, right behind which no memory
// can be read or written. Valid for the process.
void* cut_copy(const void* of, std::size_t bytes);

// A longer one; its tail is poison, which nobody may believe or change.
void* grown_copy(const void* of, std::size_t bytes);
bool tail_is_whole(const void* grown, std::size_t bytes);

}  // namespace fettle::conformance
