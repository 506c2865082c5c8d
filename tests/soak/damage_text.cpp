#include "damage.hpp"

namespace fettle::soak {

void damage_text(Random& random, std::string& text, const std::vector<std::string_view>& tokens) {
  for (std::size_t i = below(random, 4) + 1; i > 0 && !text.empty(); --i) {
    const std::size_t at = below(random, text.size());
    switch (below(random, tokens.empty() ? 6 : 9)) {
      case 0:
        text[at] = static_cast<char>(random());
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ 1 << below(random, 8));
        break;
      case 2:
        text.erase(at, below(random, 64));
        break;
      case 3:
        text.insert(at, text.substr(below(random, text.size()), below(random, 64)));
        break;
      case 4:
        text.resize(at);
        break;
      case 5: {
        const std::size_t from = below(random, text.size());
        text.replace(at, 4, text.substr(from, 4));
        break;
      }
      case 6: {  // over and over: depth, length
        const std::string_view token = one_of(random, tokens);
        std::string many;
        for (std::size_t k = below(random, 3000); k > 0; --k) many += token;
        text.insert(at, many);
        break;
      }
      default:
        text.insert(at, one_of(random, tokens));
        break;
    }
  }
}

}  // namespace fettle::soak
