// A pipeline file: what is read from a good one, and what is said, where, about a bad one.
#include <filesystem>
#include <fstream>
#include <functional>

#include "catch.hpp"
#include "pipeline/pipeline.hpp"

using namespace fettle;

namespace {

const ComponentUse& use(const Step& step) {
  return std::get<ComponentUse>(step.what);
}
const Repeat& group(const Step& step) {
  return std::get<Repeat>(step.what);
}

struct Mistake {
  const char* text;
  const char* code;
  const char* where;  // of the message
  const char* says;   // somewhere in the message
};

void check_mistake(const Mistake& mistake) {
  INFO(mistake.text);
  try {
    parse_pipeline(mistake.text, "p.yaml");
    FAIL("was accepted");
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(code_name(error.code()) == mistake.code);
    CHECK(error.diagnostic().where == mistake.where);
    CHECK_FALSE(error.diagnostic().hint.empty());
    CHECK(std::string(error.what()).find(mistake.says) != std::string::npos);
    CHECK(code_blame(error.code()) == Blame::input);
  }
}

}  // namespace

TEST_CASE("a pipeline with everything in it") {
  const Pipeline p = parse_pipeline(R"(
name: inference
passes:
  - dce
  - constant_folding: {max_bytes: 1048576, parameters: true}
  - repeat: {until: unchanged, limit: 3, passes: [cse, dce: {weights: false}]}
verify: {after: end, with: [numeric: {rtol: 1e-5}], unable: pass}
benchmark: [latency: {runs: 30}, memory]
on_failure: skip
accept: {max_abs: 0.01, max_rel: 1}
)",
                                    "p.yaml");
  CHECK(p.name == "inference");
  REQUIRE(p.passes.size() == 3);
  CHECK(use(p.passes[0]).name == "dce");
  CHECK(use(p.passes[0]).where == "p.yaml:4:5");
  REQUIRE(use(p.passes[1]).options.size() == 2);
  CHECK(use(p.passes[1]).options[0].name == "max_bytes");
  CHECK(use(p.passes[1]).options[0].text == "1048576");
  CHECK(use(p.passes[1]).options[0].where == "p.yaml:5:24");
  CHECK(group(p.passes[2]).limit == 3);
  REQUIRE(group(p.passes[2]).passes.size() == 2);
  CHECK(use(group(p.passes[2]).passes[1]).options[0].text == "false");
  CHECK(p.verify_after == VerifyAfter::end);
  REQUIRE(p.verifiers);
  CHECK(p.verifiers->at(0).name == "numeric");
  CHECK_FALSE(p.unable_is_failure);
  REQUIRE(p.benchmarks.size() == 2);
  CHECK(p.benchmarks[1].name == "memory");
  CHECK(p.on_failure == OnFailure::skip);
  REQUIRE(p.accept);
  CHECK(p.accept->max_abs == 0.01);
  CHECK(p.accept->max_rel == 1.0);
  CHECK(pass_names(p) == std::vector<std::string>{"dce", "constant_folding", "cse"});
}

TEST_CASE("what a pipeline leaves out has its documented default") {
  const Pipeline p = parse_pipeline("passes: []", "p.yaml");
  CHECK(p.passes.empty());
  CHECK(p.verify_after == VerifyAfter::each);
  CHECK_FALSE(p.verifiers);
  CHECK(p.unable_is_failure);
  CHECK(p.benchmarks.empty());
  CHECK(p.on_failure == OnFailure::stop);
  CHECK_FALSE(p.accept);
}

TEST_CASE("aliases are YAML's own and allowed") {
  const Pipeline p = parse_pipeline(
      "passes: &all [cse, repeat: {passes: [dce]}]\n"
      "benchmark: &b [memory]\n",
      "p.yaml");
  CHECK(p.passes.size() == 2);
  const Pipeline q = parse_pipeline(
      "passes:\n  - &fold {constant_folding: {max_bytes: 1}}\n"
      "  - cse\n  - *fold\n",
      "p.yaml");
  REQUIRE(q.passes.size() == 3);
  CHECK(use(q.passes[2]).options[0].text == "1");
}

TEST_CASE("each mistake has its code and place") {
  // clang-format off
  const Mistake mistakes[] = {
      {"", "pipeline-empty", "p.yaml", "passes: []"},
      {"# only a comment\n", "pipeline-empty", "p.yaml", "says nothing"},
      {"passes: [dce\n", "pipeline-not-yaml", "p.yaml:2:1", "is not YAML"},
      {"passes:\n\t- dce\n", "pipeline-not-yaml", "p.yaml:2:2", "tabs"},
      {"passes: \"\\\x1b[31m\"", "pipeline-not-yaml", "p.yaml:1:12", "character: ?"},
      {"passes: []\nverify: never\n", "pipeline-wrong-type", "p.yaml:2:9", "try: verify: {after"},
      {"passes: *nowhere", "pipeline-not-yaml", "p.yaml:1:9", "not YAML"},
      {"passes: []\n---\npasses: []\n", "pipeline-not-yaml", "p.yaml:2:1", "more than one"},
      {",", "pipeline-not-yaml", "p.yaml:1:1", "can begin here"},  // yaml-cpp alone never ends
      {"\n,,\npasses: []\n", "pipeline-not-yaml", "p.yaml:2:1", "can begin here"},
      {"passes: []\n,\n", "pipeline-not-yaml", "p.yaml:2:1", "not YAML"},
      {"just words", "pipeline-wrong-type", "p.yaml:1:1", "must be a mapping"},
      {"- dce\n- cse\n", "pipeline-wrong-type", "p.yaml:1:1", "try: passes: ["},
      {"passes:\nname: x\n", "pipeline-wrong-type", "p.yaml:1:1", "no value"},
      {"name: x\n", "pipeline-missing-key", "p.yaml:1:1", "no 'passes'"},
      {"passes: dce\n", "pipeline-wrong-type", "p.yaml:1:9", "must be a list"},
      {"passes: {dce: {}}\n", "pipeline-wrong-type", "p.yaml:1:9", "must be a list"},
      {"passes: []\npases: []\n", "pipeline-unknown-key", "p.yaml:2:1", "did you mean 'passes'?"},
      {"passes: []\npasses: [dce]\n", "pipeline-duplicate-key", "p.yaml:2:1", "given twice"},
      {"passes: []\n[a]: b\n", "pipeline-wrong-type", "p.yaml:2:1", "must be a name"},
      {"passes: [[dce]]\n", "pipeline-wrong-type", "p.yaml:1:10", "given as a name"},
      {"passes: [dce, {}]\n", "pipeline-wrong-type", "p.yaml:1:15", "empty mapping"},
      {"passes:\n  - dce:\n", "pipeline-wrong-type", "p.yaml:2:5", "no value"},
      {"passes:\n  - dce: 3\n", "pipeline-wrong-type", "p.yaml:2:10", "must be a mapping"},
      {"passes:\n  - a: {}\n    b: {}\n", "pipeline-wrong-type", "p.yaml:3:5", "two names"},
      {"passes:\n  - dce: {weights: [1]}\n", "pipeline-wrong-type", "p.yaml:2:20", "'weights'"},
      {"passes:\n  - dce: {weights: }\n", "pipeline-wrong-type", "p.yaml:2:11", "no value"},
      {"passes:\n  - dce: {w: 1, w: 2}\n", "pipeline-duplicate-key", "p.yaml:2:17", "'w'"},
      {"passes: [repeat: {limit: 3}]\n", "pipeline-missing-key", "p.yaml:1:18", "'repeat'"},
      {"passes: [repeat: {limit: x, passes: []}]\n", "pipeline-wrong-type", "p.yaml:1:26", "whole"},
      {"passes: [repeat: {limit: 1.5, passes: []}]\n", "pipeline-wrong-type", "p.yaml:1:26", "1.5"},
      {"passes: [repeat: {limit: 0, passes: []}]\n", "pipeline-bad-value", "p.yaml:1:26", "1..1000"},
      {"passes: [repeat: {limit: [], passes: []}]\n", "pipeline-wrong-type", "p.yaml:1:26", "a list"},
      {"passes: [repeat: {until: done, passes: []}]\n", "pipeline-bad-value", "p.yaml:1:26", "unchanged"},
      {"passes: [repeat: {untill: x, passes: []}]\n", "pipeline-unknown-key", "p.yaml:1:19", "'until'"},
      {"passes: []\nverify: numeric\n", "pipeline-wrong-type", "p.yaml:2:9", "'verify'"},
      {"passes: []\nverify: {afer: each}\n", "pipeline-unknown-key", "p.yaml:2:10", "'after'"},
      {"passes: []\nverify: {after: evry}\n", "pipeline-bad-value", "p.yaml:2:17", "each, end, never"},
      {"passes: []\nverify: {with: []}\n", "pipeline-bad-value", "p.yaml:2:16", "no verifier"},
      {"passes: []\nverify: {with: numeric}\n", "pipeline-wrong-type", "p.yaml:2:16", "'with'"},
      {"passes: []\nbenchmark: latency\n", "pipeline-wrong-type", "p.yaml:2:12", "'benchmark'"},
      {"passes: []\non_failure: stopp\n", "pipeline-bad-value", "p.yaml:2:13", "did you mean 'stop'?"},
      {"passes: []\nname: [x]\n", "pipeline-wrong-type", "p.yaml:2:7", "'name'"},
      {"passes: []\naccept: {}\n", "pipeline-missing-key", "p.yaml:2:9", "no budget"},
      {"passes: []\naccept: {max_abs: many}\n", "pipeline-wrong-type", "p.yaml:2:19", "a number"},
      {"passes: []\naccept: {max_abs: -1}\n", "pipeline-bad-value", "p.yaml:2:19", "not negative"},
      {"passes: []\naccept: {max_abs: .nan}\n", "pipeline-bad-value", "p.yaml:2:19", "finite"},
      {"passes: []\naccept: {abs: 1}\n", "pipeline-unknown-key", "p.yaml:2:10", "'abs'"},
  };
  // clang-format on
  for (const Mistake& mistake : mistakes) check_mistake(mistake);
}

TEST_CASE("a group that contains itself is refused, not followed") {
  check_mistake(
      {"passes: &p [repeat: {passes: *p}]\n", "pipeline-too-large", "p.yaml:1:9", "nested"});
  // A list of lists by aliases: ten billion passes in a few lines.
  std::string text =
      "passes:\n  - repeat: &r0 {passes: [dce, dce, dce, dce, dce, dce, dce, dce, dce, dce]}\n";
  for (int i = 1; i < 10; ++i) {
    text += "  - repeat: &r" + std::to_string(i) + " {passes: [";
    for (int k = 0; k < 10; ++k) {
      text += std::string(k ? ", " : "") + "{repeat: *r" + std::to_string(i - 1) + "}";
    }
    text += "]}\n";
  }
  try {
    parse_pipeline(text, "p.yaml");
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == Code::pipeline_too_large);
    CHECK(std::string(error.what()).find("10000") != std::string::npos);
  }
}

TEST_CASE("a file that cannot be read") {
  for (const std::filesystem::path path : {"/nowhere/p.yaml", "/"}) {
    try {
      load_pipeline(path);
      FAIL("was read");
    } catch (const Error& error) {
      CHECK(code_name(error.code()) == "pipeline-unreadable");
      CHECK(error.diagnostic().where == path);
    }
  }
}

TEST_CASE("an empty file is empty, not unreadable") {
  const auto path = std::filesystem::temp_directory_path() / "fettle-empty.yaml";
  std::ofstream(path).close();
  CHECK_THROWS_AS(load_pipeline(path), Error);
  try {
    load_pipeline(path);
  } catch (const Error& error) {
    CHECK(error.code() == Code::pipeline_empty);
  }
  std::filesystem::remove(path);
}

TEST_CASE("--set reaches every use of a component") {
  Pipeline p = parse_pipeline(
      "passes: [fold: {max: 1, min: 0}, repeat: {passes: [fold]}]\n"
      "verify: {with: [numeric]}\nbenchmark: [latency]\n",
      "p.yaml");
  apply_override(p, "fold.max=a=b.c");
  apply_override(p, "numeric.seed=7");
  apply_override(p, "latency.runs=");
  CHECK(use(p.passes[0]).options.size() == 2);
  CHECK(use(p.passes[0]).options[0].text == "a=b.c");
  CHECK(use(p.passes[0]).options[0].where == "--set fold.max=a=b.c");
  CHECK(use(group(p.passes[1]).passes[0]).options.at(0).text == "a=b.c");
  CHECK(p.verifiers->at(0).options.at(0).text == "7");
  CHECK(p.benchmarks.at(0).options.at(0).text.empty());
}

TEST_CASE("--set that names nothing is an error") {
  Pipeline p = parse_pipeline("passes: [fold]", "p.yaml");
  for (const char* text : {"", "fold", "fold=1", "fold.=1", ".max=1", "fold.max", "flod.max=1"}) {
    INFO(text);
    try {
      apply_override(p, text);
      FAIL("was accepted");
    } catch (const Error& error) {
      CHECK(code_name(error.code()) == "pipeline-bad-override");
      CHECK(error.diagnostic().where == std::string("--set ") + text);
    }
  }
  try {
    apply_override(p, "flod.max=1");
  } catch (const Error& error) {
    CHECK(error.diagnostic().hint == "did you mean 'fold'?");
  }
}

TEST_CASE("a pipeline on one line says what a file says") {
  const Pipeline line = parse_inline(
      " cse, dce{weights=false},constant_folding{max_bytes=1024, parameters=true},"
      "repeat{limit=3}(cse,repeat(dce))",
      "--passes");
  const Pipeline file = parse_pipeline(R"(
passes:
  - cse
  - dce: {weights: false}
  - constant_folding: {max_bytes: 1024, parameters: true}
  - repeat: {limit: 3, passes: [cse, repeat: {passes: [dce]}]}
)",
                                       "file");
  const std::function<void(const std::vector<Step>&, const std::vector<Step>&)> compare =
      [&](const std::vector<Step>& a, const std::vector<Step>& b) {
        REQUIRE(a.size() == b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
          REQUIRE(a[i].what.index() == b[i].what.index());
          if (std::holds_alternative<Repeat>(a[i].what)) {
            CHECK(group(a[i]).limit == group(b[i]).limit);
            compare(group(a[i]).passes, group(b[i]).passes);
            continue;
          }
          CHECK(use(a[i]).name == use(b[i]).name);
          REQUIRE(use(a[i]).options.size() == use(b[i]).options.size());
          for (std::size_t k = 0; k < use(a[i]).options.size(); ++k) {
            CHECK(use(a[i]).options[k].name == use(b[i]).options[k].name);
            CHECK(use(a[i]).options[k].text == use(b[i]).options[k].text);
          }
        }
      };
  compare(line.passes, file.passes);
  CHECK(use(line.passes[1]).where == "--passes:7");
  CHECK(use(line.passes[1]).options[0].where == "--passes:11");
  CHECK_FALSE(line.verifiers);
}

TEST_CASE("mistakes in a pipeline on one line are told with their column") {
  const Mistake mistakes[] = {
      {"", "pipeline-not-yaml", "--passes:1", "a pass has no name"},
      {"cse,,dce", "pipeline-not-yaml", "--passes:5", "a pass has no name"},
      {"cse dce)", "pipeline-not-yaml", "--passes:8", "')' is not expected here"},
      {"dce{weights}", "pipeline-not-yaml", "--passes:12", "an option is NAME=VALUE"},
      {"dce{weights=1", "pipeline-not-yaml", "--passes:14", "'}' is missing"},
      {"repeat(cse", "pipeline-not-yaml", "--passes:11", "')' is missing"},
      {"group(cse)", "pipeline-not-yaml", "--passes:7", "'group' is no group"},
      {"repeat{limit=0}(cse)", "pipeline-bad-value", "--passes:8", "N in 1..1000"},
      {"repeat{limt=2}(cse)", "pipeline-bad-value", "--passes:8", "no option of repeat"},
  };
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.text);
    try {
      parse_inline(mistake.text, "--passes");
      FAIL("was accepted");
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(code_name(error.code()) == mistake.code);
      CHECK(error.diagnostic().where == mistake.where);
      CHECK(std::string(error.what()).find(mistake.says) != std::string::npos);
    }
  }
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "repeat(";
  CHECK_THROWS_AS(parse_inline(deep, "--passes"), Error);
}

TEST_CASE("a pipeline that stops after a pass") {
  const auto stopped = [](const std::string& text, const std::string& pass) {
    Pipeline pipeline = parse_inline(text, "test");
    REQUIRE(stop_after(pipeline, pass));
    std::string out;
    for (const Step& step : pipeline.passes) {
      const bool is_group = std::holds_alternative<Repeat>(step.what);
      out += (out.empty() ? "" : " ") + (is_group ? std::string("group") : use(step).name);
    }
    return out;
  };
  CHECK(stopped("a,b,c", "b") == "a b");
  CHECK(stopped("a,b,a", "a") == "a");
  CHECK(stopped("a,repeat(b,c,d),e", "c") == "a b c");
  CHECK(stopped("repeat(a),repeat(b,repeat(c,d))", "d") == "group b c d");
  Pipeline pipeline = parse_inline("a,b", "test");
  CHECK_FALSE(stop_after(pipeline, "c"));
  CHECK(pipeline.passes.size() == 2);
}
