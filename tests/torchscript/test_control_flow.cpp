// Branches and loops that the data decide: represented, and refused.
#include <ATen/ops/full.h>

#include "catch.hpp"
#include "scripted.hpp"
#include "torchscript/import_check.hpp"

namespace fettle::test {

using Catch::Contains;

namespace {

// The program, held against the module on inputs that go every way; written and read, it is the
// same.
Program agreeing(const std::string& forward, const std::vector<double>& inputs) {
  const Scripted scripted(forward);
  Program program = scripted.read();
  for (const double each : inputs) {
    INFO(forward << " on " << each);
    const at::Tensor x = at::full({2, 3}, each);
    check_import(*program.graph, {x.clone()}, {scripted.module().forward({x.clone()})}, "m.pt");
  }
  TempFolder folder;
  write_program(program, folder.path() / "out.pt2");
  CHECK(text_of(read_model(folder.path() / "out.pt2")) == text_of(program));
  return program;
}

Failure refused(const std::string& forward) {
  Failure failure = Scripted(forward).failure();
  CHECK(failure.code == "torchscript-unsupported");
  return failure;
}

}  // namespace

TEST_CASE("a branch becomes a cond; what it takes from outside are operands", "[torchscript]") {
  const Program program = agreeing(R"(
def forward(self, x):
    if x.sum() > 0:
        y = x * self.weight
    else:
        y = x - 1
    return y
)",
                                   {1, -1});
  CHECK(calls(program, "higher_order.cond") == 1);
  CHECK_THAT(text_of(program), Contains("true_graph_0") && Contains("false_graph_0"));
}

TEST_CASE("a branch that returns what it was given returns a copy of it", "[torchscript]") {
  const Program program = agreeing(R"(
def forward(self, x):
    y = x
    if x.sum() > 0:
        y = x * 2
    return y
)",
                                   {1, -1});
  CHECK(calls(program, "aten.clone.default") == 1);
}

TEST_CASE("what both sides leave alone is no result", "[torchscript]") {
  const Program program = agreeing(R"(
def forward(self, x):
    n = 3
    if x.sum() > 0:
        y = x * 2
        n = 3
    return x * n
)",
                                   {1, -1});
  CHECK(calls(program, "higher_order.cond") == 0);
  CHECK(calls(program, "aten.mul.Scalar") == 1);
}

TEST_CASE("branches nest", "[torchscript]") {
  const Program program = agreeing(R"(
def forward(self, x):
    if x.sum() > 0:
        if x.max() > 2:
            y = x * self.weight
        else:
            y = x + self.state
    else:
        y = x - self.weight
    return y
)",
                                   {1, 3, -1});
  CHECK(calls(program, "higher_order.cond") == 2);
}

TEST_CASE("a loop becomes a while_loop, for any number of iterations", "[torchscript]") {
  const Program program = agreeing(R"(
def forward(self, x):
    n = 1
    while bool(x.sum() < 100) and n < 8:
        x = x * 2 + self.weight
        n += 1
    return x, n * x
)",
                                   {});
  CHECK(calls(program, "higher_order.while_loop") == 1);
  const Program single = agreeing(R"(
def forward(self, x):
    while x.sum() < 100:
        x = x.abs() * 2 + self.weight
    return x
)",
                                  {-3, 0, 5, 200});
  CHECK(calls(single, "higher_order.while_loop") == 1);
}

TEST_CASE("a branch in a loop, and a loop in a branch", "[torchscript]") {
  const Program program = agreeing(R"(
def forward(self, x):
    while x.abs().sum() < 100:
        if x.sum() > 0:
            x = x * 2
        else:
            x = x - 3
    return x
)",
                                   {-3, 0, 5, 200});
  CHECK(calls(program, "higher_order.while_loop") == 1);
  CHECK(calls(program, "higher_order.cond") == 1);
  const Program other = agreeing(R"(
def forward(self, x):
    if x.mean() < 4:
        while x.abs().sum() < 100:
            x = x.abs() + self.weight
    return x
)",
                                 {-3, 0, 5, 200});
  CHECK(calls(other, "higher_order.while_loop") == 1);
  CHECK(calls(other, "higher_order.cond") == 1);
}

TEST_CASE("an assertion on data stays one", "[torchscript]") {
  const Program program = agreeing(R"(
def forward(self, x):
    assert bool(x.max() < 1e6), "too large"
    return x + 1
)",
                                   {1, -1});
  CHECK(calls(program, "aten._assert_async.msg") == 1);
  CHECK_THAT(text_of(program), Contains("too large"));
}

TEST_CASE("numbers that cannot be known are refused where they are used", "[torchscript]") {
  CHECK_THAT(refused("def forward(self, x):\n    return x.new_zeros([int(x.sum())])\n").text,
             Contains("takes a number that 'aten::Int' reads out of a tensor") &&
                 Contains("x.new_zeros") && Contains("in forward"));
  const Failure returned =
      Scripted("def forward(self, x):\n    return x, float(x.sum())\n").failure();
  CHECK(returned.code == "torchscript-unsupported");
  CHECK_THAT(returned.text, Contains("the model returns a number that 'aten::Float' reads"));
}

TEST_CASE("a side effect in a branch is refused", "[torchscript]") {
  CHECK_THAT(refused(R"(
def forward(self, x):
    if x.sum() > 0:
        x.add_(1)
    return x
)")
                 .text,
             Contains("writes to a tensor from outside") && Contains("x = x + 1 for x += 1") &&
                 Contains("x.add_(1)"));
  CHECK_THAT(refused(R"(
def forward(self, x):
    if x.sum() > 0:
        self.state = x[0]
    return x
)")
                 .text,
             Contains("an assignment to the attribute 'state' in a branch"));
  CHECK_THAT(refused(R"(
def forward(self, x):
    parts = [x]
    if x.sum() > 0:
        parts.append(x)
    return parts[0]
)")
                 .text,
             Contains("'aten::append' writes to a list or dictionary from outside"));
}

TEST_CASE("a write to what may be two tensors is refused", "[torchscript]") {
  CHECK_THAT(refused(R"(
def forward(self, x):
    y = x * 2
    if x.sum() > 0:
        y = x
    y.add_(1)
    return x + y
)")
                 .text,
             Contains("is one with another"));
}

TEST_CASE("sides and iterations that differ in shape are refused", "[torchscript]") {
  CHECK_THAT(refused(R"(
def forward(self, x):
    y = x
    if x.sum() > 0:
        y = x.sum(0)
    return y
)")
                 .text,
             Contains("gives a tensor Float[3], and its other side a tensor Float[2, 3]"));
  CHECK_THAT(
      refused(R"(
def forward(self, x):
    while x.sum() < 10:
        x = torch.cat([x, x])
    return x
)")
          .text,
      Contains("carries a tensor Float[2, 3] into its first iteration, and a tensor Float[4, 3]"));
}

}  // namespace fettle::test
