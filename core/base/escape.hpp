// Text from a model file is hostile: names may hold markup, quotes, control characters, bytes that
// are no UTF-8. Nothing of it reaches a page or a picture but through these.
#pragma once

#include <string>
#include <string_view>

namespace fettle {

// Valid UTF-8 that XML may hold: what is not, and control characters but for line ends and tabs,
// becomes U+FFFD.
std::string clean(std::string_view text);

// For text and for attributes in quotes, in HTML and in XML. Cleans.
std::string markup(std::string_view text);

// For a string inside <script type="application/json">, with its quotes. Cleans; no '<' is left.
std::string json_text(std::string_view text);

// The first `most` characters, and "…" if there were more. Never cuts a character in two.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace fettle
