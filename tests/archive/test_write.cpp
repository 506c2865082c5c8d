// Writing: nothing is lost on a way through, constants follow the graph's edits, and the target is
// the old file or the new one.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "archive/output_file.hpp"
#include "archive/program.hpp"
#include "catch.hpp"
#include "graph/checks.hpp"
#include "graph/journal.hpp"
#include "small_archive.hpp"

using namespace fettle;
using namespace fettle::test;
namespace json = boost::json;

namespace {

NodeId find(const Graph& graph, std::string_view name) {
  for (const NodeId node : graph.nodes()) {
    if (graph.text(graph.node(node).name) == name) return node;
  }
  return {};
}

const Payload* payload(const Program& program, std::string_view name) {
  for (const Payload& payload : program.payloads) {
    if (payload.name == name) return &payload;
  }
  return nullptr;
}

TensorData floats(std::initializer_list<float> values) {
  TensorData data;
  data.storage = make_storage(values.begin(), values.size() * sizeof(float));
  data.type.kind = TypeKind::tensor;
  data.type.dtype = DType::float32;
  data.type.sizes = {static_cast<std::int64_t>(values.size())};
  data.type.strides = {1};
  return data;
}

class Through {
 public:
  explicit Through(const Records& records = small_program())
      : in_(folder_.write("in.pt2", zip(records).bytes)), program_(read_program(in_)) {}
  Program& program() { return program_; }
  const std::filesystem::path& in() const { return in_; }
  std::filesystem::path out() const { return folder_.path() / "out.pt2"; }
  const TempFolder& folder() const { return folder_; }
  Program written(const std::vector<Record>& extra = {}) {
    write_program(program_, out(), extra);
    return read_program(out());
  }

 private:
  TempFolder folder_;
  std::filesystem::path in_;
  Program program_;
};

}  // namespace

TEST_CASE("a program without edits is written as it was, and writing again gives the same bytes") {
  Through through;
  Program again = through.written();
  CHECK(again.root == "small");
  CHECK(again.document == through.program().document);
  CHECK(again.payloads.size() == 6);
  for (std::size_t i = 0; i < again.payloads.size(); ++i) {
    const Payload &a = again.payloads[i], &b = through.program().payloads[i];
    CHECK(a.name == b.name);
    CHECK(a.record == b.record);
    CHECK(a.is_param == b.is_param);
    CHECK(a.weight == b.weight);
    CHECK(a.data.type == b.data.type);
    REQUIRE(a.data.storage->size == b.data.storage->size);
    CHECK(std::memcmp(a.data.storage->data, b.data.storage->data, a.data.storage->size) == 0);
  }
  CHECK(again.graph->constants().at("weight").storage ==
        again.graph->constants().at("tied").storage);
  const auto twice = through.folder().path() / "twice.pt2";
  write_program(again, twice);
  CHECK(read_file(twice) == read_file(through.out()));
}

TEST_CASE("unknown fields of nodes, graphs, signature and document survive") {
  Records records = small_program();
  edit_json(records, kModel, [](json::value& m) {
    m.as_object()["future"] = {{"a", 1.5}};
    m.at_pointer("/graph_module").as_object()["future"] = "module";
    m.at_pointer("/graph_module/signature").as_object()["future"] = "signature";
    m.at_pointer("/graph_module/graph").as_object()["future"] = {1, 2};
    m.at_pointer("/graph_module/graph/nodes/1").as_object()["future"] = {{"x", nullptr}};
  });
  Through through(records);
  const Program again = through.written();
  CHECK(again.document.at("future").at("a") == 1.5);
  CHECK(again.document.at("graph_module").at("future") == "module");
  CHECK(again.document.at("graph_module").at("signature").at("future") == "signature");
  const Graph& graph = *again.graph;
  CHECK(graph.text(graph.block(kRootBlock).unknown_fields) == R"({"future": [1, 2]})");
  CHECK(graph.text(graph.node(find(graph, "mul")).unknown_fields) == R"({"future": {"x": null}})");
}

TEST_CASE("constants that passes add, replace and remove") {
  Through through;
  Graph& graph = *through.program().graph;
  Journal journal(graph, Journal::Recording::off);
  // scale becomes the folded constant `folded`; the weight `tied` loses its input.
  const NodeId scale = find(graph, "c_scale");
  journal.add_constant("folded", floats({7, 8, 9}));
  journal.set_input_spec(scale, {InputKind::tensor_constant, "folded", true, {}});
  journal.remove_constant("scale");
  journal.erase_node(find(graph, "p_tied"));
  journal.remove_constant("tied");
  check(graph);

  const Program again = through.written();
  const Payload* folded = payload(again, "folded");
  REQUIRE(folded);
  CHECK_FALSE(folded->weight);
  CHECK(folded->record == "tensor_2");  // never a name that the archive had before
  float values[3];
  std::memcpy(values, folded->data.storage->data, sizeof values);
  CHECK(values[2] == 9);
  CHECK(payload(again, "scale") == nullptr);
  CHECK(payload(again, "tied") == nullptr);
  CHECK(payload(again, "alias"));  // its storage is still the weight's
  const std::string bytes = read_file(through.out());
  CHECK(bytes.find("data/constants/tensor_0") != bytes.npos);
  CHECK(bytes.find("data/constants/tensor_1") == bytes.npos);  // scale's record went with it
}

TEST_CASE("a second name of a weight goes when the weight goes") {
  Through through;
  Graph& graph = *through.program().graph;
  Journal journal(graph, Journal::Recording::off);
  const NodeId add = find(graph, "add");
  journal.set_operand(add, 1, graph.result(find(graph, "x")));
  for (const std::string name : {"weight", "tied"}) {
    journal.erase_node(find(graph, "p_" + name));
    journal.remove_constant(name);
  }
  const Program again = through.written();
  CHECK(payload(again, "alias") == nullptr);
  CHECK(read_file(through.out()).find("data/weights/weight_0") == std::string::npos);
  CHECK(payload(again, "running"));
}

TEST_CASE("a buffer that becomes persistent moves to the weights") {
  Through through;
  Graph& graph = *through.program().graph;
  Journal journal(graph, Journal::Recording::off);
  journal.set_input_spec(find(graph, "b_mask"), {InputKind::buffer, "mask", true, {}});
  const Program again = through.written();
  REQUIRE(payload(again, "mask"));
  CHECK(payload(again, "mask")->weight);
  CHECK(payload(again, "mask")->record == "weight_2");
}

TEST_CASE("extra records are added, and replace those of their name") {
  Through through;
  const auto text = [](std::string_view s) { return make_storage(s.data(), s.size()); };
  Program again = through.written({{"fettle/pipeline.yaml", text("passes: []")}});
  CHECK(again.records.back().path == "fettle/pipeline.yaml");
  write_program(again, through.out(), {{"fettle/pipeline.yaml", text("passes: [dce]")}});
  again = read_program(through.out());
  const auto bytes = again.records.back().bytes;
  CHECK(std::string_view(reinterpret_cast<const char*>(bytes->data), bytes->size) ==
        "passes: [dce]");
}

TEST_CASE("a program may be written over the archive that it was read from") {
  Through through;
  write_program(through.program(), through.in());
  write_program(through.program(), through.in());  // the first mapping still holds the old file
  CHECK(read_program(through.in()).graph->constants().size() == 5);
  CHECK(through.folder().file_count() == 1);
}

TEST_CASE("through a symbolic link, the file that it names is written and the link stays") {
  Through through;
  const auto link = through.folder().path() / "link.pt2";
  std::filesystem::create_symlink("in.pt2", link);
  write_program(through.program(), link);
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_program(through.in()).graph->constants().size() == 5);
}

TEST_CASE("archive-write: targets that cannot be written leave all as it was") {
  Through through;
  const auto write = [&](const std::filesystem::path& path) {
    return failure_of([&] { write_program(through.program(), path); });
  };
  const std::string before = read_file(through.in());
  CHECK_THAT(write(through.folder().path()).text, contains("it is a folder"));
  CHECK_THAT(write("/dev/full").text, contains("not a regular file"));
  const Failure nowhere = write(through.folder().path() / "none" / "out.pt2");
  CHECK(nowhere.code == "archive-write");
  CHECK_THAT(nowhere.text, contains("there is no folder"));
  CHECK(write(through.folder().path() / std::string(300, 'n')).code == "archive-write");
  CHECK(write("/proc/out.pt2").code == "archive-write");  // not even root may
  CHECK(read_file(through.in()) == before);
  CHECK(through.folder().file_count() == 1);
}

TEST_CASE("archive-write: a disk that fills up halfway leaves the old file and nothing else") {
  Records records = small_program();
  records.push_back({"extra/large.txt", std::string(4 << 20, 'x')});
  Through through(records);
  const std::string before = read_file(through.in());
  // A limit on file sizes stands for the full disk: writing past it fails in the same way.
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limited = old;
  limited.rlim_cur = 1 << 20;
  ::setrlimit(RLIMIT_FSIZE, &limited);
  const Failure failure = failure_of([&] { write_program(through.program(), through.in()); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(failure.code == "archive-write");
  CHECK_THAT(failure.text, contains("free some space"));
  CHECK(read_file(through.in()) == before);
  CHECK(through.folder().file_count() == 1);
}

TEST_CASE("an error while the program is written leaves nothing behind") {
  Through through;
  Graph& graph = *through.program().graph;
  Journal(graph, Journal::Recording::off).remove_constant("weight");  // an input still names it
  CHECK(failure_of([&] { write_program(through.program(), through.out()); }).code ==
        "graph-bad-signature");
  CHECK(through.folder().file_count() == 1);
}
