// Checks alter the host slot by slot and hand over structs one by one: each that the ABI's listing
// (sdk/abi/v1.txt) knows is among them, or is excused here. What is new in the ABI and was
// forgotten there fails these.
#include <cstring>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "bad_plugins.hpp"
#include "catch.hpp"
#include "conformance/counted_tensors.hpp"
#include "conformance/failing_calls.hpp"
#include "conformance/resized_calls.hpp"

namespace fettle::conformance {
namespace {

struct Member {
  std::string name, declaration;
  std::size_t offset = 0;
};

struct Listing {
  std::map<std::string, std::vector<Member>> structs;
  std::set<std::string> growing;  // of these, those that start with `size`
};

Listing read_listing() {
  const std::regex member(
      R"(\d+\.\d+ member (\w+) offset=(\d+) size=\d+ (.*\(\*(\w+)\).*|.*?(\w+)))");
  const std::regex record(R"(\d+\.\d+ struct (\w+) (\w+).*)");
  Listing listing;
  std::ifstream file(FETTLE_ABI_LISTING);
  std::smatch found;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, found, member)) {
      listing.structs[found[1]].push_back(
          {found[4].matched ? found[4].str() : found[5].str(), found[3], std::stoul(found[2])});
    } else if (std::regex_match(line, found, record) && found[2] == "grows") {
      listing.growing.insert(found[1]);
    }
  }
  return listing;
}

// "fettle_graph_v1" → "fettle.graph/1", if it is a table at all.
std::string id_of(const std::string& table) {
  const std::regex form(R"(fettle_(\w+)_v1)");
  std::smatch found;
  return std::regex_match(table, found, form) ? "fettle." + found[1].str() + "/1" : "";
}

// Those that components have; all other tables are the host's.
const std::set<std::string> kOfComponents = {"fettle_analysis_v1", "fettle_backend_v1",
                                             "fettle_benchmark_v1", "fettle_pass_v1",
                                             "fettle_verifier_v1"};

const void* slot(const void* table, const Member& member) {
  const void* function = nullptr;
  std::memcpy(&function, static_cast<const char*>(table) + member.offset, sizeof function);
  return function;
}

// Slots of the host's that are as usual on this host, as "fettle_edit_v1.rewrite_abort", of those
// that `concern` is about.
template <class Concern>
std::set<std::string> unaltered(const AlteredHost& host, Concern concern) {
  std::set<std::string> names;
  for (const auto& [table, members] : read_listing().structs) {
    const std::string id = id_of(table);
    if (id.empty() || kOfComponents.contains(table)) continue;
    const void* usual = kHostTable.extension(id.c_str());
    const void* altered = host.table().extension(id.c_str());
    INFO("the host offers " << id);
    REQUIRE(usual);
    for (const Member& member : members) {
      if (!concern(member)) continue;
      if (slot(altered, member) == slot(usual, member)) names.insert(table + "." + member.name);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("every call of the host that can fail is made to, as a check") {
  const std::set<std::string> excused = {
      "fettle_edit_v1.rewrite_abort",  // how a plugin cleans up after a failure
  };
  AlteredHost host;
  install_failing_calls(host);
  const auto can_fail = [](const Member& member) {
    return member.declaration.starts_with("fettle_status (");
  };
  CHECK(unaltered(host, can_fail) == excused);
}

TEST_CASE("every tensor and bound program that the host hands over is counted, as a check") {
  AlteredHost host;
  install_counted_tensors(host);
  const auto hands_over = [](const Member& member) {
    const std::regex owned(
        R"(DLManagedTensorVersioned \*\*|fettle_bound \*\*|[(,] ?fettle_datum \*)");
    return std::regex_search(member.declaration, owned) || member.name == "release";
  };
  CHECK(unaltered(host, hands_over) == std::set<std::string>{});
}

TEST_CASE("every struct that components are handed comes in other sizes, as a check") {
  std::set<std::string> handed_over;
  for (const fs::path& file : {bad("counts_rightly"), bad("judges_rightly"), bad("keeps_all_rules"),
                               bad("measures_rightly"), backend("relu_add")}) {
    Settings settings;
    settings.file = fs::canonical(file);
    settings.seed = 1;
    Subject subject(settings);
    subject.set_component(&subject.library()->components().front());
    const Session session(subject);
    const ResizedCalls cut = call_with_cut_structs(subject, session);
    CHECK(call_with_grown_structs(subject, session).structs == cut.structs);
    handed_over.insert(cut.structs.begin(), cut.structs.end());
  }

  const Listing listing = read_listing();
  std::set<std::string> all;
  for (const std::string& table : kOfComponents) {
    for (const Member& member : listing.structs.at(table)) {
      const std::regex pointer(R"((fettle_\w+) \*)");
      const std::string& text = member.declaration;
      for (std::sregex_iterator at(text.begin(), text.end(), pointer), end; at != end; ++at) {
        if (listing.growing.contains((*at)[1])) all.insert((*at)[1]);
      }
    }
  }
  CHECK(all.contains("fettle_verdict"));
  CHECK(handed_over == all);
}

}  // namespace fettle::conformance
