// Expressions over symbols: srepr in and out, their values and bounds, and how people read them. The
// srepr texts are what torch.export wrote; expected values are written out here.
#include "catch.hpp"

#include "graph/symbolic.hpp"

using namespace fettle;

namespace {

const std::string kS = "Symbol('s77', positive=True, integer=True)";
const std::string kT = "Symbol('s27', positive=True, integer=True)";
const std::string kU = "Symbol('u0', integer=True)";

std::optional<ScalarValue> value(const std::string& srepr, const SymbolValues& values = {}) {
  Expressions all;
  return all.evaluate(all.parse(srepr), values).value;
}
std::string why(const std::string& srepr, const SymbolValues& values = {}) {
  Expressions all;
  return all.evaluate(all.parse(srepr), values).why;
}
std::optional<ScalarValue> infix_value(std::string_view text, const SymbolValues& values) {
  Expressions all;
  const auto id = all.parse_infix(text);
  REQUIRE(id);
  return all.evaluate(*id, values).value;
}
std::string infix(const std::string& srepr) {
  Expressions all;
  return all.infix(all.parse(srepr));
}
ScalarValue whole(std::int64_t x) { return x; }

}  // namespace

TEST_CASE("srepr comes out as it went in, whatever it says") {
  const std::string texts[] = {
      kS,
      "Mul(Integer(2), " + kS + ")",
      "Add(FloorDiv(Add(" + kS + ", Integer(-1)), Integer(2)), Integer(1))",
      "Pow(" + kS + ", Integer(2))",
      "Mul(Rational(1, 2), " + kS + ")",
      "Max(Integer(1), " + kU + ")",
      "GreaterThan(" + kU + ", Integer(0))",
      "ToFloat(" + kU + ")",
      "Float('0.10000000000000001', precision=53)",
      "true",
      "int_oo",
      "Integer(99999999999999999999)",
      "Unheard(" + kS + ", Of())",
      "Function('f')(Symbol('x'))",
      "no ( srepr",
      "Integer( 1 )",
      "Integer(+1)",
      "",
      std::string(5000, '('),
  };
  Expressions all;
  for (const std::string& text : texts) CHECK(all.srepr(all.parse(text)) == text);
}

TEST_CASE("the same text is parsed once, and shared parts are stored once") {
  Expressions all;
  const ExprId first = all.parse("Mul(Integer(2), " + kS + ")");
  const auto nodes = all.size();
  CHECK(all.parse("Mul(Integer(2), " + kS + ")") == first);
  all.parse("Add(Mul(Integer(2), " + kS + "), Integer(2))");
  CHECK(all.size() == nodes + 1);
  CHECK(all.symbols(first) == std::vector<std::string>{"s77"});
}

TEST_CASE("deep nesting is kept, and not understood") {
  std::string deep = kS;
  for (int i = 0; i < 100'000; ++i) deep.insert(0, "Identity(");
  deep.append(100'000, ')');
  Expressions all;
  const ExprId id = all.parse(deep);
  CHECK(all.srepr(id) == deep);
  CHECK(!all.evaluate(id, {{"s77", 1}}).value);
  CHECK(!all.parse_infix(std::string(100'000, '(')));
  CHECK(!all.parse_infix(std::string(100'000, '-') + "1"));
}

TEST_CASE("values are Python's") {
  const SymbolValues at = {{"s77", 7}, {"s27", 4}, {"u0", -3}};
  CHECK(value("Mul(Integer(2), " + kS + ")", at) == whole(14));
  CHECK(value("Add(" + kS + ", Mul(Integer(-1), " + kT + "), Integer(1))", at) == whole(4));
  CHECK(value("FloorDiv(" + kU + ", Integer(2))", at) == whole(-2));
  CHECK(value("PythonMod(" + kU + ", Integer(2))", at) == whole(1));
  CHECK(value("CeilDiv(" + kS + ", Integer(2))", at) == whole(4));
  CHECK(value("ModularIndexing(" + kS + ", Integer(2), Integer(2))", at) == whole(1));
  CHECK(value("Pow(" + kS + ", Integer(2))", at) == whole(49));
  CHECK(value("Mul(Rational(1, 2), " + kT + ")", at) == whole(2));
  CHECK(value("Mul(Rational(1, 2), " + kS + ")", at) == ScalarValue(3.5));
  CHECK(value("floor(Mul(Rational(1, 2), " + kS + "))", at) == whole(3));
  CHECK(value("Max(Integer(1), " + kU + ", " + kT + ")", at) == whole(4));
  CHECK(value("Min(Integer(5), " + kS + ")", at) == whole(5));
  CHECK(value("TruncToInt(IntTrueDiv(" + kS + ", Integer(2)))", at) == whole(3));
  CHECK(value("RoundToInt(IntTrueDiv(" + kS + ", Integer(2)))", at) == whole(4));
  CHECK(value("CeilToInt(Mul(ToFloat(" + kS + "), Float('0.5', precision=53)))", at) == whole(4));
  CHECK(value("OpaqueUnaryFn_sqrt(ToFloat(" + kT + "))", at) == ScalarValue(2.0));
  CHECK(value("Where(GreaterThan(" + kS + ", Integer(9)), FloorDiv(Integer(1), Integer(0)), " + kT +
              ")", at) == whole(4));
  CHECK(value("And(StrictLessThan(" + kU + ", Integer(0)), Not(Equality(" + kS + ", " + kT + ")))",
              at) == ScalarValue(true));
  CHECK(value("Or(false, Unequality(" + kS + ", Integer(7)))", at) == ScalarValue(false));
}

TEST_CASE("what has no value says why") {
  CHECK(why("Foo(" + kS + ")") == "the function 'Foo' is not known");
  CHECK(why(kU) == "'u0' has no value");
  CHECK(why("FloorDiv(Integer(1), Integer(0))") == "division by zero");
  CHECK(why("Pow(Integer(10), Integer(19))") == "the result does not fit 64 bits");
  CHECK(why("Pow(Integer(10), Integer(9223372036854775807))") == "the result does not fit 64 bits");
  CHECK(why("Mul(Integer(4611686018427387904), Integer(2))") == "the result does not fit 64 bits");
  CHECK(why("Integer(99999999999999999999)") ==
        "'Integer(99999999999999999999)' is not understood");
  CHECK(why("FloorDiv(Integer(1))") == "'FloorDiv' has 1 arguments");
  CHECK(why("int_oo") == "the constant 'int_oo' is not known");
  CHECK(why("OpaqueUnaryFn_sqrt(Integer(-1))") == "the function is not defined there");
}

TEST_CASE("a size is a whole number, also one that comes as a float") {
  Expressions all;
  CHECK(all.evaluate_size(all.parse("Mul(Pow(Integer(2), Integer(-1)), Integer(6))"), {}) == 3);
  CHECK(!all.evaluate_size(all.parse("Float('0.5', precision=53)"), {}));
  CHECK(!all.evaluate_size(all.parse("Float('1e300', precision=53)"), {}));
}

TEST_CASE("bounds follow from the symbols' ranges") {
  const SymbolRanges ranges = {{"s77", {2, 50}}, {"s27", {3, std::nullopt}}, {"u0", {-4, 4}}};
  Expressions all;
  const auto bounds = [&](const std::string& text) { return all.bounds(all.parse(text), ranges); };
  CHECK(bounds("Mul(Integer(2), " + kS + ")") == Interval{4, 100});
  CHECK(bounds("Add(" + kS + ", Integer(-1))") == Interval{1, 49});
  CHECK(bounds("Mul(" + kS + ", " + kT + ")") == Interval{6, std::nullopt});
  CHECK(bounds("Mul(Integer(-3), " + kU + ")") == Interval{-12, 12});
  CHECK(bounds("FloorDiv(" + kS + ", Integer(3))") == Interval{0, 16});
  CHECK(bounds("FloorDiv(" + kU + ", Integer(3))") == Interval{-2, 1});
  CHECK(bounds("FloorDiv(" + kS + ", " + kT + ")") == Interval{0, 16});
  CHECK(bounds("Mod(" + kT + ", Integer(8))") == Interval{0, 7});
  CHECK(bounds("Pow(" + kS + ", Integer(2))") == Interval{4, 2500});
  CHECK(bounds("Max(Integer(1), " + kU + ")") == Interval{1, 4});
  CHECK(bounds("Min(Integer(5), " + kT + ")") == Interval{3, 5});
  CHECK(bounds("GreaterThan(" + kU + ", Integer(0))") == Interval{0, 1});
  CHECK(bounds("Mul(Integer(4611686018427387904), " + kS + ")") == Interval{});
  CHECK(bounds("Foo(" + kS + ")") == Interval{});
}

TEST_CASE("people read what print(exported_program) shows") {
  CHECK(infix("Mul(Integer(2), " + kS + ")") == "2*s77");
  CHECK(infix("Add(" + kS + ", Integer(1))") == "s77 + 1");
  CHECK(infix("Add(" + kS + ", Integer(-1))") == "s77 - 1");
  CHECK(infix("Add(" + kS + ", Mul(Integer(-1), " + kT + "))") == "s77 - s27");
  CHECK(infix("Add(" + kS + ", Mul(Integer(-2), " + kT + ", " + kU + "))") == "s77 - 2*s27*u0");
  CHECK(infix("Mul(Integer(-1), Add(" + kS + ", " + kT + "))") == "-(s77 + s27)");
  CHECK(infix("Pow(" + kS + ", Integer(2))") == "s77**2");
  CHECK(infix("Pow(Add(" + kS + ", Integer(1)), Integer(-1))") == "(s77 + 1)**(-1)");
  CHECK(infix("Mul(Integer(2), FloorDiv(Add(" + kS + ", Integer(-1)), Integer(2)))") ==
        "2*((s77 - 1)//2)");
  CHECK(infix("Max(Integer(1), Mul(Rational(-1, 2), " + kU + "))") == "Max(1, (-1/2)*u0)");
  CHECK(infix("GreaterThan(" + kU + ", Integer(0))") == "u0 >= 0");
  CHECK(infix("Add(" + kS + ", Add(" + kT + ", Integer(1)))") == "s77 + (s27 + 1)");
  CHECK(infix("Mul(" + kS + ", Mul(" + kT + ", " + kU + "))") == "s77*(s27*u0)");
  CHECK(infix("And(Equality(" + kS + ", Integer(2)), true)") == "And(Eq(s77, 2), true)");
  CHECK(infix("Mul(ToFloat(" + kS + "), Float('0.5', precision=53))") == "ToFloat(s77)*0.5");
}

TEST_CASE("what people's notation cannot say has none") {
  CHECK(infix("Symbol('s77', integer=True)").empty());  // sizes are positive, unless told otherwise
  CHECK(infix("Mul(Integer(-9223372036854775808), " + kS + ")").empty());
  CHECK(infix("Add(" + kS + ", Integer(-9223372036854775808))").empty());
  CHECK(infix("max(" + kS + ", Integer(1))").empty());
  CHECK(infix("Symbol('a b', integer=True)").empty());
  CHECK(infix("int_oo").empty());
  Expressions all;
  const ExprId id = all.parse("Mul(Integer(2), Symbol('s77', integer=True))");
  CHECK(all.infix(id, {{"s77", "integer=True"}}) == "2*s77");
}

TEST_CASE("guards are read as Python writes them") {
  const SymbolValues at = {{"L['x'].size()[1]", 8}, {"L['y'].size()[0]", 20}, {"L['f']['a'][0]", 3}};
  const auto holds = [&](std::string_view guard) {
    return infix_value(guard, at) == ScalarValue(true);
  };
  CHECK(holds("L['x'].size()[1] <= L['y'].size()[0]"));
  CHECK(holds("((L['x'].size()[1] // (L['x'].size()[1] // 2))*min(5, 5*L['x'].size()[1])) != 0"));
  CHECK(holds("(1 + (((-1) + L['x'].size()[1]) // 2)) == 4"));
  CHECK(holds("2 <= L['x'].size()[1] <= 8 and not L['y'].size()[0] % 2 == 1"));
  CHECK_FALSE(holds("L['x'].size()[1] < 8 or L['f']['a'][0] > 3"));
  CHECK(holds("L['x'].size()[1]**2 == 64 and -L['f']['a'][0] < -2"));
  CHECK(holds("math.floor(L['x'].size()[1] / 3) == 2 and L['f']['a'][0] - 1 - 1 == 1"));
  Expressions all;
  for (const char* nonsense : {"", "1 +", "(1", "f(1", "L['x'", "a b", "1 2", "99999999999999999999",
                               "and", "a.b", "2 < "}) {
    CHECK(!all.parse_infix(nonsense));
  }
}
