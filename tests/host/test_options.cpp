// Options: read by their declaration before the plugin sees them, defaults filled in.
#include "fixture.hpp"

using namespace fettle;
using namespace fettle::test;

namespace {

const Host& host() {
  static const LoadedPlugins plugins({"well_behaved"});
  return plugins.host();
}

ResolvedOptions resolve(std::vector<Host::GivenOption> given) {
  return host().create_pass("well_behaved", given)->options();
}
Diagnostic refusal(const std::string& name, const std::string& text) {
  return error_of([&] { resolve({{name, text, "p.yaml:3:7"}}); });
}

}  // namespace

TEST_CASE("defaults are filled in, in declared order") {
  const ResolvedOptions expected = {
      {"flag", "true"}, {"count", "4"}, {"ratio", "0.5"}, {"mode", "fast"}, {"label", ""}};
  CHECK(resolve({}) == expected);
}

TEST_CASE("given options replace the defaults") {
  const ResolvedOptions expected = {
      {"flag", "false"}, {"count", "8"}, {"ratio", "0.001"}, {"mode", "careful"}, {"label", "a b"}};
  CHECK(resolve({{"label", "a b", ""},
                 {"flag", "false", ""},
                 {"ratio", "1e-3", ""},
                 {"mode", "careful", ""},
                 {"count", "8", ""}}) == expected);
}

TEST_CASE("an unknown option is refused with the nearest name and the place") {
  const Diagnostic unknown = refusal("cuont", "3");
  CHECK(code_name(unknown.code) == "option-unknown");
  CHECK_THAT(unknown.hint, contains("'count'"));
  CHECK(unknown.where == "p.yaml:3:7");
}

TEST_CASE("a value of the wrong type is refused") {
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"flag", "yes please"},
                                                        {"flag", "1"},
                                                        {"count", "4.5"},
                                                        {"count", ""},
                                                        {"count", "4x"},
                                                        {"count", "99999999999999999999"},
                                                        {"ratio", "half"},
                                                        {"ratio", "nan"},
                                                        {"ratio", "inf"}}) {
    INFO(name << " = " << text);
    const Diagnostic wrong = refusal(name, text);
    CHECK(code_name(wrong.code) == "option-type");
    CHECK(wrong.where == "p.yaml:3:7");
  }
}

TEST_CASE("a value outside its range is refused") {
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"count", "0"}, {"count", "9"}, {"ratio", "-0.1"}, {"ratio", "1.0001"}}) {
    INFO(name << " = " << text);
    CHECK(code_name(refusal(name, text).code) == "option-range");
  }
  CHECK_THAT(refusal("count", "9").why, contains("1..8"));
}

TEST_CASE("a text that is no choice is refused with the nearest one") {
  const Diagnostic wrong = refusal("mode", "carefull");
  CHECK(code_name(wrong.code) == "option-choice");
  CHECK_THAT(wrong.hint, contains("'careful'"));
}

TEST_CASE("an option given twice is refused") {
  const Diagnostic twice = error_of([&] {
    resolve({{"count", "2", "p.yaml:3:7"}, {"count", "3", "p.yaml:4:7"}});
  });
  CHECK(code_name(twice.code) == "option-duplicate");
  CHECK(twice.where == "p.yaml:4:7");
  CHECK_THAT(twice.why, contains("p.yaml:3:7"));
}

TEST_CASE("options are described for people") {
  const ComponentInfo& info = host().component(ComponentKind::pass, "well_behaved");
  REQUIRE(info.options.size() == 5);
  CHECK(info.options[1].type == OptionType::integer);
  CHECK(info.options[1].range_text == "1..8");
  CHECK(info.options[3].range_text == "fast|careful");
  CHECK(info.options[3].default_text == "fast");
  CHECK(info.options[4].range_text.empty());
}
