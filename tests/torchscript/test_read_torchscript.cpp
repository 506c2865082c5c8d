// TorchScript modules that become programs, and those that are refused, each with its reason.
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>

#include "catch.hpp"
#include "scripted.hpp"
#include "torchscript/import_check.hpp"

namespace fettle::test {

using Catch::Contains;

TEST_CASE("a scripted module becomes a program", "[torchscript]") {
  const Scripted scripted(R"(
def scale(self, x, by: int):
    return x * self.weight * by
def forward(self, x, unused: int = 3):
    for i in range(self.steps):
        x = self.scale(x, i + x.size(1))
    return x + self.state
)");
  const Program program = scripted.read();
  CHECK(calls(program, "aten.mul.Tensor") == 2);
  CHECK(calls(program, "aten.mul.Scalar") == 2);
  CHECK(calls(program, "aten.add.Tensor") == 1);
  CHECK(program.graph->node_count() == 9);
  CHECK(program.graph->constants().contains("weight"));
  CHECK_THAT(text_of(program), Contains("f32[2, 3]"));
  REQUIRE(program.samples.size() == 1);
  CHECK(program.samples[0].outputs.size() == 1);

  TempFolder folder;
  write_program(program, folder.path() / "out.pt2");
  const Program again = read_model(folder.path() / "out.pt2");
  CHECK(text_of(again) == text_of(program));
}

TEST_CASE("arithmetic on sizes leaves no nodes, even where a trace made tensors of it",
          "[torchscript]") {
  const Program program = Scripted(R"(
def forward(self, x):
    n = torch.tensor(x.size(0)) * 2 + 1
    return x.new_ones([int(n), 3]) * n
)").read();
  CHECK(calls(program, "aten.scalar_tensor.default") == 1);
  CHECK(calls(program, "aten.add.Scalar") + calls(program, "aten.add.Tensor") == 0);
}

TEST_CASE("statements without effect are left out, and noted", "[torchscript]") {
  const Program program = Scripted(R"(
def forward(self, x):
    print("x is", x)
    return x + 1
)").read();
  CHECK(calls(program, "aten.add.Scalar") == 1);
  REQUIRE(program.warnings.size() == 1);
  CHECK(program.warnings[0].code == Code::torchscript_dropped);
  CHECK_THAT(program.warnings[0].what, Contains("prim::Print"));
}

TEST_CASE("what a graph cannot represent is refused by name and line", "[torchscript]") {
  const Failure number = Scripted(R"(
def forward(self, x):
    return x.new_full([2], float(x.sum()))
)").failure();
  CHECK(number.code == "torchscript-unsupported");
  CHECK_THAT(number.text, Contains("aten::Float") && Contains("float(x.sum())") && Contains("in forward"));

  const Program assigned = Scripted(R"(
def forward(self, x):
    before = self.state
    self.state = before * 2 + 1
    return x + self.state
)").read();
  CHECK(calls(assigned, "aten.copy_.default") == 1);

  const Failure attribute = Scripted(R"(
def forward(self, x):
    self.steps = self.steps + 1
    return x
)").failure();
  CHECK(attribute.code == "torchscript-unsupported");
  CHECK_THAT(attribute.text, Contains("'steps'") && Contains("buffers that keep"));
}

TEST_CASE("a module without forward", "[torchscript]") {
  const Failure failure = Scripted(R"(
def other(self, x):
    return x
)").failure();
  CHECK(failure.code == "torchscript-unsupported");
  CHECK_THAT(failure.text, Contains("no method 'forward'"));
}

TEST_CASE("inputs that nobody described, or described wrongly", "[torchscript]") {
  const Scripted scripted(R"(
def forward(self, x, n: int, y: Optional[Tensor] = None):
    return x * n
)");
  const auto failure = [&](const ExampleInputs& examples) {
    const Failure found = scripted.failure(examples);
    CHECK(found.code == "torchscript-inputs");
    return found.text;
  };
  const std::map<std::string, std::vector<std::int64_t>> x{{"x", {2, 3}}};
  CHECK_THAT(failure({}), Contains("--input-shape x=1,3,224,224"));
  CHECK_THAT(failure({.shapes = x, .dtypes = {}, .values = {}}), Contains("--input-value n="));
  CHECK_THAT(failure({.shapes = x, .dtypes = {}, .values = {{"n", "two"}}}),
             Contains("cannot be 'two'") && Contains("int"));
  CHECK_THAT(failure({.shapes = x, .dtypes = {}, .values = {{"m", "2"}}}), Contains("no input 'm'"));
  CHECK(calls(scripted.read({.shapes = x, .dtypes = {}, .values = {{"n", "2"}}}),
              "aten.mul.Scalar") == 1);
}

TEST_CASE("a module that fails on its inputs", "[torchscript]") {
  const Scripted raises(R"(
def forward(self, x):
    assert x.size(0) == 4, "four rows, please"
    return x.view(6, 2)
)");
  const Failure raised = raises.failure();
  CHECK(raised.code == "torchscript-failed");
  CHECK_THAT(raised.text, Contains("four rows, please"));
  const Failure failed =
      raises.failure({.shapes = {{"x", {4, 4}}}, .dtypes = {}, .values = {}});
  CHECK(failed.code == "torchscript-failed");
  CHECK_THAT(failed.text, Contains("aten::view") && Contains("x.view(6, 2)"));
}

TEST_CASE("a damaged TorchScript archive is one clear error", "[torchscript]") {
  const Scripted scripted("def forward(self, x):\n    return x + self.weight\n");
  const std::string whole = read_file(scripted.path());
  TempFolder folder;
  const auto read_damaged = [&](const std::string& bytes) {
    const auto path = folder.write("damaged.pt", bytes);
    return failure_of([&] {
             read_model(path, {.shapes = {{"x", {3}}}, .dtypes = {}, .values = {}});
           }).code;
  };
  CHECK(read_damaged(whole.substr(0, whole.size() / 2)) == "archive-truncated");
  std::string damaged = whole;
  const std::size_t pickle = whole.find("data.pkl");
  for (std::size_t i = 0; i < 64; ++i) damaged[pickle + 70 + i] = '\x2a';
  CHECK(read_damaged(damaged) == "torchscript-unreadable");
  // Whatever byte is wrong: a program, or an error that says so.
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    CHECK(read_damaged(damaged) != "internal-error");
  }
}

TEST_CASE("a graph that computes something else is refused", "[torchscript]") {
  const Program program =
      Scripted("def forward(self, x):\n    return x + self.weight\n").read();
  const c10::IValue input = at::ones({2, 3});
  check_import(*program.graph, {input}, {at::full({2, 3}, 2.0)}, "m.pt");
  const Failure failure = failure_of(
      [&] { check_import(*program.graph, {input}, {at::full({2, 3}, 2.5)}, "m.pt"); });
  CHECK(failure.code == "torchscript-disagrees");
  CHECK_THAT(failure.text, Contains("output 0") && Contains("0.5"));
}

}  // namespace fettle::test
