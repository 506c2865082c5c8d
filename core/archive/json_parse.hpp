// JSON as Python writes it, into Boost.JSON's values.
//
// Boost.JSON 1.81 rounds numbers of more than 53 bits approximately, and a weight's epsilon or a
// mask's -3.4028234663852886e+38 must survive bit for bit: numbers with a fraction are read again
// by std::from_chars. Python's json may write NaN, Infinity and -Infinity bare: they are read as
// the strings that torch.export writes in their place.
#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace fettle {

// `where` names file and record for messages. Throws archive_json_syntax: with line and column, for
// an integer beyond 64 bits, for nesting deeper than 512.
boost::json::value parse_json(std::string_view text, const std::string& where,
                              boost::json::storage_ptr storage = {});

}  // namespace fettle
