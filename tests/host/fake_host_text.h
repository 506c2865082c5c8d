/* A graph with all that the SDK's fake host can read, in the spelling that it and core/graph print. */
#define FAKE_HOST_TEXT                                                                            \
  "graph(x: f32[2, 3], w: f32[3] = parameter 'fc.weight', n: i64[s0, 1]):\n"                      \
  "  relu: f32[2, 3][1, 2] = aten.relu.default(x)\n"                                              \
  "  max_1: (getitem: f32[], getitem_1: i64[]) = aten.max.dim(relu, -1, keepdim=False)\n"         \
  "  cat: f32[4] = aten.cat.default([relu, x], 1.5)\n"                                            \
  "  _to: f64[4] = aten._to_copy.default(cat, dtype=torch.float64, s='a b', none=None)\n"         \
  "  view: f32[6] = aten.view.default(x, [6, -1])\n"                                              \
  "  _assert: None = aten._assert_async.msg(n, 1e-05)\n"                                          \
  "  return (_to, getitem, view)\n"
