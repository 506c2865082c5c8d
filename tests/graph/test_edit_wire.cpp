// Recorded edits: replayed on an equal graph they give an equal one, ids included; damaged bytes
// are refused or replayed, and never do worse than that.
#include "graph/edit_wire.hpp"

#include "graph/random_edits.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

// All of a graph, without the addresses of its constants: copies have their own.
std::string contents(const Graph& graph) {
  std::string all = state(graph);
  for (std::size_t at = 0; (at = all.find(" at 0x", at)) != all.npos;) {
    all.erase(at, std::min(all.find_first_of("\n", at), all.size()) - at);
  }
  for (const auto& [name, data] : graph.constants()) {
    all.append(reinterpret_cast<const char*>(data.storage->data), data.storage->size);
  }
  return fmt::format("{}\n{} strings, {} types, {} values, {} blocks", all, graph.strings().size(),
                     graph.types().size(), graph.value_bound(), graph.block_bound());
}

// Edits at random, in rewrites, some of them taken back.
void edit_at_random(Graph& graph, Journal& journal, std::uint32_t seed, int steps = 40) {
  RandomEditor editor(graph, journal, seed);
  std::vector<Journal::Mark> marks;
  for (int step = 0; step < steps; ++step) {
    if (!journal.in_rewrite()) {
      marks.push_back(journal.mark());
      REQUIRE(journal.begin_rewrite(graph.output_node(), fmt::format("step {}", step)));
    }
    editor.edit();
    switch (editor.below(14)) {
      case 0:
      case 1:
        journal.end_rewrite();
        break;
      case 2:
        journal.abort_rewrite();
        break;
      case 3:
        journal.rollback(marks.back());
        if (journal.in_rewrite()) journal.abort_rewrite();
        break;
      default:
        break;
    }
  }
  if (journal.in_rewrite()) journal.end_rewrite();
}

std::string message(const Graph& graph, Interned known, const EditRecorder& recorder,
                    EditPosition since = {}) {
  ByteWriter out;
  write_edits(out, graph, known, edits_since(recorder, since));
  return out.take();
}

std::string replay(const std::string& bytes, Graph& graph, Journal& journal) {
  return refusal([&] {
    ByteReader in(bytes);
    replay_edits(in, graph, nullptr, [&] { return &journal; });
    in.expect_end();
  });
}

}  // namespace

TEST_CASE("replayed edits give the same graph, rewrites and net effect") {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    INFO("seed " << seed);
    const auto graph = program(kProgram);
    const auto copy = graph->clone();
    const Interned known = Interned::of(*copy);
    EditRecorder recorder;
    Journal journal(*graph);
    journal.record_into(recorder);
    edit_at_random(*graph, journal, seed);

    Journal again(*copy);
    REQUIRE(replay(message(*graph, known, recorder), *copy, again) == "");
    REQUIRE(contents(*copy) == contents(*graph));
    CHECK(again.rewrites() == journal.rewrites());
    CHECK(again.mark() == journal.mark());
    CHECK(again.changed() == journal.changed());
    REQUIRE(again.kept_rewrites().size() == journal.kept_rewrites().size());
    for (std::size_t i = 0; i < again.kept_rewrites().size(); ++i) {
      CHECK(again.kept_rewrites()[i].root == journal.kept_rewrites()[i].root);
      CHECK(again.kept_rewrites()[i].why == journal.kept_rewrites()[i].why);
    }
    // Undoing is the same again, on both sides.
    journal.rollback();
    again.rollback();
    REQUIRE(contents(*copy) == contents(*graph));
  }
}

TEST_CASE("edits of several journals are replayed piece by piece") {
  const auto graph = program(kProgram);
  const auto copy = graph->clone();
  EditRecorder recorder;
  Interned known = Interned::of(*copy);
  EditPosition sent;
  std::optional<Journal> again;
  const auto send = [&] {
    const std::string bytes = message(*graph, known, recorder, sent);
    known = Interned::of(*graph);
    sent = EditPosition::end_of(recorder);
    ByteReader in(bytes);
    replay_edits(in, *copy, again ? &*again : nullptr, [&] { return &again.emplace(*copy); });
    REQUIRE(contents(*copy) == contents(*graph));
  };
  for (std::uint32_t seed = 0; seed < 6; ++seed) {
    Journal journal(*graph);
    journal.record_into(recorder);
    send();
    edit_at_random(*graph, journal, seed, 12);
    if (seed % 2 == 0) send();
    if (seed % 3 == 0) journal.rollback();
  }
  send();
}

TEST_CASE("constants that share bytes share them after replaying") {
  const auto graph = program("graph(x: f32[2]):\n  return (x,)");
  const auto copy = graph->clone();
  EditRecorder recorder;
  Journal journal(*graph);
  journal.record_into(recorder);
  REQUIRE(journal.begin_rewrite(graph->output_node(), "share"));
  const auto storage = make_storage("12345678", 8);
  journal.add_constant("a", {storage, Type{}});
  journal.add_constant("b", {storage, Type{}});
  journal.add_constant("c", {make_storage("abcd", 4), Type{}});
  journal.end_rewrite();
  Journal again(*copy);
  REQUIRE(replay(message(*graph, Interned::of(*copy), recorder), *copy, again) == "");
  CHECK(contents(*copy) == contents(*graph));
  CHECK(copy->constants().at("a").storage == copy->constants().at("b").storage);
}

TEST_CASE("recorded edits are refused by a graph that is not equal") {
  const auto graph = program(kProgram);
  const auto other = program("graph(x: f32[2]):\n  return (x,)");
  const Interned known = Interned::of(*graph);
  EditRecorder recorder;
  Journal journal(*graph);
  journal.record_into(recorder);
  edit_at_random(*graph, journal, 1);
  const std::string before = state(*other);
  Journal again(*other);
  CHECK(replay(message(*graph, known, recorder), *other, again) == "isolation-bad-answer");
  again.rollback();
  CHECK(state(*other) == before);
}

// What comes back from a process whose memory was overwritten may be anything.
TEST_CASE("damaged edits are refused or replayed, and undone exactly") {
  std::size_t refused = 0, replayed = 0;
  for (std::uint32_t seed = 0; seed < 1500; ++seed) {
    INFO("seed " << seed);
    const auto graph = program(kProgram);
    const auto copy = graph->clone();
    const Interned known = Interned::of(*copy);
    EditRecorder recorder;
    Journal journal(*graph);
    journal.record_into(recorder);
    edit_at_random(*graph, journal, seed % 50, 20);
    std::string bytes = message(*graph, known, recorder);

    std::mt19937 random(seed);
    const auto below = [&](std::size_t bound) { return random() % bound; };
    for (std::size_t n = 1 + below(3); n > 0; --n) {
      switch (below(4)) {
        case 0:
          bytes.resize(below(bytes.size() + 1));
          break;
        case 1:
          bytes.insert(below(bytes.size() + 1), 1, static_cast<char>(below(256)));
          break;
        case 2:
          bytes.erase(below(bytes.size() + 1), 1 + below(8));
          break;
        default:
          if (!bytes.empty()) bytes[below(bytes.size())] = static_cast<char>(below(256));
      }
      if (bytes.empty()) bytes = "?";
    }
    const std::string before = state(*copy);
    Journal again(*copy);
    ++(replay(bytes, *copy, again).empty() ? replayed : refused);
    (void)again.changed();
    (void)find_problems(*copy);
    again.rollback();
    REQUIRE(state(*copy) == before);
    REQUIRE(find_problems(*copy).empty());
  }
  CHECK(refused > 500);
  CHECK(replayed > 10);
}
