// Schemas read from libtorch, and which names are known.
#include "catch.hpp"

#include <thread>

#include "ops/registry.hpp"

using namespace fettle;
using fettle::test::contains;

TEST_CASE("a schema is plain data, with names, types, defaults and alias sets") {
  const OperatorSchema* add = find_operator("aten.add.Tensor");
  REQUIRE(add);
  CHECK(add == find_operator("aten.add.Tensor"));
  REQUIRE(add->arguments.size() == 3);
  CHECK(add->arguments[0].type == "Tensor");
  CHECK(add->arguments[0].kind == ArgKind::tensor);
  CHECK_FALSE(add->arguments[0].default_value);
  CHECK(add->arguments[2].name == "alpha");
  CHECK(add->arguments[2].keyword_only);
  REQUIRE(add->arguments[2].default_value);
  CHECK(std::get<std::int64_t>(add->arguments[2].default_value->payload) == 1);
  CHECK(add->pointwise);
  CHECK(add->core);
  CHECK_FALSE(add->composite_implicit);
  CHECK(add->has_meta_kernel);

  const OperatorSchema* in_place = find_operator("aten.add_.Tensor");
  REQUIRE(in_place);
  CHECK(in_place->arguments[0].written);
  CHECK(in_place->arguments[0].alias_sets == in_place->returns[0].alias_sets);
}

TEST_CASE("the overload 'default' is libtorch's empty one") {
  CHECK(find_operator("aten.relu.default"));
  CHECK_FALSE(find_operator("aten.relu."));
  CHECK_FALSE(find_operator("aten.relu"));
  CHECK_FALSE(find_operator("relu"));
  CHECK_FALSE(find_operator(""));
}

TEST_CASE("argument kinds follow the schema's real types") {
  const OperatorSchema* conv = find_operator("aten.conv2d.default");
  REQUIRE(conv);
  CHECK(conv->composite_implicit);
  CHECK(conv->arguments[2].type == "Tensor?");
  CHECK(conv->arguments[2].optional);
  CHECK(conv->arguments[3].kind == ArgKind::integers);
  CHECK(conv->arguments[3].fixed_length == 2);
  CHECK(std::get<std::vector<std::int64_t>>(conv->arguments[3].default_value->payload) ==
        std::vector<std::int64_t>{1, 1});

  const OperatorSchema* to = find_operator("aten.to.dtype");
  REQUIRE(to);
  CHECK(to->arguments[1].kind == ArgKind::dtype);
  CHECK(to->arguments[4].kind == ArgKind::memory_format);

  const OperatorSchema* index = find_operator("aten.index.Tensor");
  REQUIRE(index);
  CHECK(index->arguments[1].kind == ArgKind::optional_tensors);

  const OperatorSchema* clone = find_operator("aten.contiguous.default");
  REQUIRE(clone);  // contiguous_format is 0 in c10 and 1 in an archive
  CHECK(std::get<std::int64_t>(clone->arguments[1].default_value->payload) == 1);

  const OperatorSchema* gelu = find_operator("aten.gelu.default");
  REQUIRE(gelu);
  CHECK(gelu->arguments[1].kind == ArgKind::string);
  CHECK(gelu->arguments[1].default_text == "none");
}

TEST_CASE("alias sets of lists are those of their elements") {
  const OperatorSchema* split = find_operator("aten.split.Tensor");
  REQUIRE(split);
  CHECK(split->returns[0].alias_sets == split->arguments[0].alias_sets);
  const OperatorSchema* foreach_add = find_operator("aten._foreach_add_.Scalar");
  REQUIRE(foreach_add);
  CHECK(foreach_add->arguments[0].written);
}

TEST_CASE("tags are read") {
  CHECK(find_operator("aten.rand.default")->nondeterministic_seeded);
  CHECK(find_operator("aten.t_.default")->inplace_view);
  CHECK(find_operator("aten.nonzero.default")->dynamic_output_shape);
  CHECK(find_operator("aten.item.default")->data_dependent_output);
}

TEST_CASE("scalar and higher-order operators are known beside libtorch's") {
  const OperatorSchema* add = find_operator("_operator.add");
  REQUIRE(add);
  CHECK(add->source == SchemaSource::scalar);
  CHECK(add->arguments.size() == 2);
  CHECK(find_operator("torch.sym_max"));
  CHECK(find_operator("math.trunc"));
  CHECK_FALSE(find_operator("_operator.concat"));
  const OperatorSchema* wrap = find_operator("higher_order.wrap_with_set_grad_enabled");
  REQUIRE(wrap);
  CHECK(wrap->source == SchemaSource::higher_order);
  CHECK(find_operator("higher_order.cond"));
  CHECK_FALSE(find_operator("higher_order.flex_attention"));
}

TEST_CASE("a suggestion names overloads first, else the nearest operator") {
  CHECK_THAT(suggest_operator("aten.add.Tesnor"), contains("aten.add.Tensor"));
  CHECK_THAT(suggest_operator("aten.add.Tesnor"), contains("overloads"));
  CHECK_THAT(suggest_operator("aten.rellu.default"), contains("'aten.relu.default'"));
  CHECK_THAT(suggest_operator("_operator.addd"), contains("'_operator.add'"));
}

TEST_CASE("schemas may be asked for from any thread") {
  std::vector<std::thread> threads;
  std::vector<const OperatorSchema*> found(8);
  for (std::size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&found, i] {
      for (const char* name : {"aten.sin.default", "aten.cos.default", "aten.tan.default"}) {
        found[i] = find_operator(name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const OperatorSchema* schema : found) {
    REQUIRE(schema);
    CHECK(schema == found[0]);
  }
}

TEST_CASE("result forms follow the schema's returns") {
  const auto forms = result_forms_of(*find_operator("aten.max.dim"));
  REQUIRE(forms.size() == 2);
  CHECK(forms[0] == ResultForm{ArgKind::tensor, 1});
  CHECK(result_forms_of(*find_operator("aten.split.Tensor"))[0].kind == ArgKind::tensors);
  CHECK(result_forms_of(*find_operator("aten.sym_size.int"))[0].kind == ArgKind::sym_int);
  CHECK(result_forms_of(*find_operator("aten._assert_tensor_metadata.default")).empty());
}
