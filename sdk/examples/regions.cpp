// A pass that changes nothing and says where fusion could begin: the longest runs of a program that
// have one entry and one exit, each a chain of the smallest such regions.
//
//   %a = aten.exp.default(%x)
//   %b = aten.sin.default(%a)
//   %c = aten.cos.default(%a)        # %a … %d: entered through %a alone, left through %d alone
//   %d = aten.add.Tensor(%b, %c)
//
//   g++ -std=c++20 -shared -fPIC -fvisibility=hidden -I sdk/include -o regions.so
//       sdk/examples/regions.cpp
#include <fettle/fettle.hpp>

class Regions : public fettle::Pass {
 public:
  static constexpr const char* name = "regions_note";
  static constexpr const char* summary = "Notes the longest runs with one entry and one exit.";
  static constexpr fettle::Promise promise = fettle::Promise::exact;

  void transform(fettle::MutableGraph& graph) override {
    const fettle::DominatorTree tree(graph);
    // The exit of the run that begins at each position: regions come by their entry, so that going
    // backwards meets the rest of a chain before its beginning.
    std::vector<std::uint32_t> end(tree.size(), 0);
    std::vector<bool> continued(tree.size(), false);
    const auto regions = fettle::regions(graph);
    for (auto region = regions.rbegin(); region != regions.rend(); ++region) {
      end[region->entry] = end[region->exit] != 0 ? end[region->exit] : region->exit;
      continued[region->exit] = true;
    }
    for (const fettle_region& region : regions) {
      if (continued[region.entry]) continue;
      graph.context().note(std::string(tree.node(region.entry).name()) + " to " +
                           std::string(tree.node(end[region.entry]).name()));
    }
  }
};

FETTLE_PLUGIN("org.example.regions_note", "1.0.0", Regions)
