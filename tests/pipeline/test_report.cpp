// The report's two forms, from one run told by hand.
#include <boost/json.hpp>
#include <filesystem>
#include <limits>

#include "catch.hpp"
#include "pipeline/report.hpp"

using namespace fettle;
using fettle::test::contains;

namespace json = boost::json;

namespace {

RunReport example() {
  RunReport r;
  r.fettle_version = "1.2.3";
  r.model = "<model>.pt2";
  r.output = "out.pt2";
  r.reference = "eager outputs";
  r.pipeline = {{"passes", json::array{"dce"}}};
  r.pipeline_yaml = "passes:\n  - dce\n";
  r.plugins.push_back({"fettle.dce", "0.1", "abcdef", "/p/dce.so"});
  r.python = {"import torch"};
  PassReport pass;
  pass.name = "dce";
  pass.status = PassStatus::changed;
  pass.rewrites = 3;
  pass.nodes_before = 10;
  pass.nodes_after = 7;
  pass.check_seconds = 0.5;
  pass.verify_seconds = 2;
  pass.statistics["erased"] = 3;
  pass.notes.push_back({Code::repeat_limit, "a note & more", "", "", "", Severity::note});
  Verdict verdict;
  verdict.verifier = "numeric";
  verdict.judgement = Judgement::pass;
  verdict.max_abs = 1e-7;
  verdict.max_rel = std::numeric_limits<double>::infinity();
  verdict.allowed = std::numeric_limits<double>::quiet_NaN();
  pass.verification.push_back(verdict);
  r.passes = {pass, pass};
  BenchmarkReport benchmark;
  benchmark.name = "latency";
  benchmark.metrics.push_back(
      {"latency", 1, "latency", "ms", "quartiles", true, 2, 1, 3, {1, 2, 3}});
  r.benchmarks.push_back(benchmark);
  r.nodes_before = 10;
  r.nodes_after = 7;
  r.changed = r.verified = true;
  r.seconds_total = 9;
  return r;
}

}  // namespace

TEST_CASE("the JSON report has the fields that tools rely on") {
  const json::value parsed = json::parse(pretty(to_json(example())));
  const json::object& r = parsed.as_object();
  for (const char* key : {"fettle_version", "model", "output", "pipeline", "plugins", "passes",
                          "nodes_before", "nodes_after", "verified", "benchmarks", "seconds_total",
                          "reference", "load_seconds", "check_seconds", "save_seconds", "notes"}) {
    INFO(key);
    CHECK(r.contains(key));
  }
  CHECK(r.at("nodes_after").to_number<int>() == 7);
  CHECK(r.at("verified").as_bool());
  CHECK(r.at("check_seconds").to_number<double>() == 1.0);  // of all passes
  CHECK(r.at("verify_seconds").to_number<double>() == 4.0);
  CHECK(r.at("plugins").at(0).at("sha256").as_string() == "abcdef");
  const json::object& pass = r.at("passes").at(0).as_object();
  for (const char* key : {"name", "changed", "rewrites", "nodes_before", "nodes_after", "seconds",
                          "verification", "statistics", "status", "why", "notes"}) {
    INFO(key);
    CHECK(pass.contains(key));
  }
  CHECK(pass.at("changed").as_bool());
  CHECK(pass.at("statistics").at("erased").to_number<int>() == 3);
  CHECK(pass.at("notes").at(0).at("code").as_string() == "repeat-limit");
  const json::object& verdict = pass.at("verification").at(0).as_object();
  CHECK(verdict.at("verifier").as_string() == "numeric");
  CHECK(verdict.at("verdict").as_string() == "pass");
  CHECK(verdict.at("max_rel").as_string() == "inf");  // JSON has no infinity …
  CHECK(verdict.at("allowed").is_null());             // … and no NaN
  const json::object& metric = r.at("benchmarks").at(0).at("metrics").at(0).as_object();
  CHECK(metric.at("program").as_string() == "optimized");
  CHECK(metric.at("samples").as_array().size() == 3);
}

TEST_CASE("the HTML report is one page that needs nothing else") {
  const std::string page = to_html(example());
  CHECK_THAT(page, contains("&lt;model&gt;.pt2"));
  CHECK_THAT(page, contains("10 → 7"));
  CHECK_THAT(page, contains("a note &amp; more"));
  CHECK_THAT(page, contains("import torch"));
  CHECK_THAT(page, contains("abcdef"));
  CHECK(page.find("<model>") == std::string::npos);
  CHECK(page.find("src=") == std::string::npos);
  CHECK(page.find("href=") == std::string::npos);
}

TEST_CASE("a report that cannot be written is an error") {
  for (const std::filesystem::path path : {"/nowhere/report.json", "/dev/full"}) {
    try {
      write_report(path, "text");
      FAIL("was written");
    } catch (const Error& error) {
      CHECK(code_name(error.code()) == "report-unwritable");
      CHECK(error.diagnostic().where == path);
    }
  }
}
