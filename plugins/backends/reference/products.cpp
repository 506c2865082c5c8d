// Products of matrices: each element one sum in double, in the order of the dimension summed over.
#include <cmath>
#include <limits>

#include "call.hpp"

namespace {

// The last two dimensions as a matrix; those before them are a batch.
struct Matrices {
  explicit Matrices(const Array& array)
      : rows(array.sizes[array.rank() - 2]),
        columns(array.sizes[array.rank() - 1]),
        row_step(array.strides[array.rank() - 2]),
        column_step(array.strides[array.rank() - 1]) {
    batch = array;
    batch.sizes.resize(array.rank() - 2);
    batch.strides.resize(array.rank() - 2);
  }
  std::int64_t rows, columns, row_step, column_step;
  Array batch;  // of first elements
};

// sum over k of a[i, k] * b[k, j]
Array multiply(const Array& a, const Array& b) {
  const Matrices left(a), right(b);
  if (left.columns != right.rows) throw fettle::Failure("matrices whose sizes do not fit");
  Sizes sizes = broadcast_sizes(left.batch.sizes, right.batch.sizes);
  const Sizes batch = sizes;
  sizes.push_back(left.rows);
  sizes.push_back(right.columns);
  Array out = Array::zeros(a.dtype, sizes);
  with_float(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    for_each_index<2>(
        batch, {broadcast_strides(left.batch, batch), broadcast_strides(right.batch, batch)},
        [&](const auto& at) {
          for (std::int64_t i = 0; i < left.rows; ++i) {
            for (std::int64_t j = 0; j < right.columns; ++j) {
              const T* x = a.read<T>() + at[0] + i * left.row_step;
              const T* y = b.read<T>() + at[1] + j * right.column_step;
              double sum = 0;
              for (std::int64_t k = 0; k < left.columns; ++k) {
                sum += static_cast<double>(x[k * left.column_step]) *
                       static_cast<double>(y[k * right.row_step]);
              }
              *to++ = static_cast<T>(sum);
            }
          }
        });
  });
  return out;
}

void insert_one(Array& array, std::size_t at) {
  array.sizes.insert(array.sizes.begin() + static_cast<std::ptrdiff_t>(at), 1);
  array.strides.insert(array.strides.begin() + static_cast<std::ptrdiff_t>(at), 0);
}
void drop(Array& array, std::size_t at) {
  array.sizes.erase(array.sizes.begin() + static_cast<std::ptrdiff_t>(at));
  array.strides.erase(array.strides.begin() + static_cast<std::ptrdiff_t>(at));
}
Array transposed(Array matrix) {
  std::swap(matrix.sizes[matrix.rank() - 2], matrix.sizes[matrix.rank() - 1]);
  std::swap(matrix.strides[matrix.rank() - 2], matrix.strides[matrix.rank() - 1]);
  return matrix;
}

// Vectors are matrices of one row (left) or one column (right), which the result does not have.
Results matmul(const Call& call) {
  Array a = call.tensor(0), b = call.tensor(1);
  const bool row = a.rank() == 1, column = b.rank() == 1;
  if (row) insert_one(a, 0);
  if (column) insert_one(b, 1);
  Array out = multiply(a, b);
  if (column) drop(out, out.rank() - 1);
  if (row) drop(out, out.rank() - (column ? 1 : 2));
  return {out};
}

// beta * added + alpha * product
Array combine(const Array& added, double beta, const Array& product, double alpha) {
  Array out = Array::zeros(product.dtype, product.sizes);
  with_float(product.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    for_each_index<2>(out.sizes, {broadcast_strides(added, out.sizes), product.strides},
                      [&](const auto& at) {
                        *to++ = static_cast<T>(beta * static_cast<double>(added.read<T>()[at[0]]) +
                                               alpha * static_cast<double>(product.read<T>()[at[1]]));
                      });
  });
  return out;
}

Results addmm(const Call& call) {
  const double beta = call.given(3) ? call.number(3) : 1, alpha = call.given(4) ? call.number(4) : 1;
  return {combine(call.tensor(0), beta, multiply(call.tensor(1), call.tensor(2)), alpha)};
}

Results linear(const Call& call) {
  Array in = call.tensor(0);
  const bool row = in.rank() == 1;
  if (row) insert_one(in, 0);
  Array out = multiply(in, transposed(call.tensor(1)));
  if (call.given(2)) out = combine(call.tensor(2), 1, out, 1);
  if (row) drop(out, 0);
  return {out};
}

// One query's scores to weights, in place. What is masked out counts nothing; where all is, the weights
// are 0, as libtorch has it.
void softmax(std::vector<double>& scores) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (const double score : scores) largest = std::fmax(largest, score);
  if (std::isinf(largest) && largest < 0) return scores.assign(scores.size(), 0);
  for (double& score : scores) sum += score = std::exp(score - largest);
  for (double& score : scores) score /= sum;
}

// softmax(query @ key^T * scale + mask) @ value, query by query.
Results attention(const Call& call) {
  const Array &query = call.tensor(0), &key = call.tensor(1), &value = call.tensor(2);
  const Matrices q(query), k(key), v(value);
  const bool causal = call.flag(5);
  const double scale = call.given(6) ? call.number(6) : 1 / std::sqrt(static_cast<double>(q.columns));
  const Sizes batch = broadcast_sizes(broadcast_sizes(q.batch.sizes, k.batch.sizes), v.batch.sizes);
  Sizes sizes = batch, mask_sizes = batch;
  sizes.insert(sizes.end(), {q.rows, v.columns});
  mask_sizes.insert(mask_sizes.end(), {q.rows, k.rows});
  const Array* mask = call.optional_tensor(3);
  Sizes mask_steps(mask_sizes.size(), 0);
  if (mask != nullptr) mask_steps = broadcast_strides(*mask, mask_sizes);
  const std::int64_t mask_row = mask_steps[batch.size()], mask_column = mask_steps[batch.size() + 1];
  mask_steps.resize(batch.size());
  Array out = Array::zeros(query.dtype, sizes);
  with_float(query.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = out.write<T>();
    std::vector<double> weights(static_cast<std::size_t>(k.rows));
    const auto score = [&](const auto& at, std::int64_t i, std::int64_t j) {
      double sum = 0;
      for (std::int64_t c = 0; c < q.columns; ++c) {
        sum += static_cast<double>(query.read<T>()[at[0] + i * q.row_step + c * q.column_step]) *
               static_cast<double>(key.read<T>()[at[1] + j * k.row_step + c * k.column_step]);
      }
      constexpr double kOut = -std::numeric_limits<double>::infinity();
      if (causal && j > i) return kOut;
      if (mask == nullptr) return sum * scale;
      const std::int64_t m = at[3] + i * mask_row + j * mask_column;
      if (mask->dtype == fettle::Dtype::boolean) return mask->read<bool>()[m] ? sum * scale : kOut;
      return sum * scale + static_cast<double>(mask->read<T>()[m]);
    };
    for_each_index<4>(
        batch,
        {broadcast_strides(q.batch, batch), broadcast_strides(k.batch, batch),
         broadcast_strides(v.batch, batch), mask_steps},
        [&](const auto& at) {
          for (std::int64_t i = 0; i < q.rows; ++i) {
            for (std::int64_t j = 0; j < k.rows; ++j) weights[static_cast<std::size_t>(j)] = score(at, i, j);
            softmax(weights);
            for (std::int64_t c = 0; c < v.columns; ++c) {
              double sum = 0;
              for (std::int64_t j = 0; j < k.rows; ++j) {
                sum += weights[static_cast<std::size_t>(j)] *
                       static_cast<double>(value.read<T>()[at[2] + j * v.row_step + c * v.column_step]);
              }
              *to++ = static_cast<T>(sum);
            }
          }
        });
  });
  return {out};
}

bool has_vectors_or_matrices(fettle::Node call) {
  return all_of_one_float(call) && rank_of(call.operand(0)) > 0 && rank_of(call.operand(1)) > 0;
}

bool multiplies_by_matrix(fettle::Node call) {
  return all_of_one_float(call) && rank_of(call.operand(0)) > 0 && rank_of(call.operand(1)) == 2;
}

bool plain_attention(fettle::Node call) {
  constexpr std::uint32_t kAll[] = {0, 1, 2, 3};
  const std::size_t operands = call.operands().size();
  const auto mask = call.argument("attn_mask");
  if (operands < 3 || !mask || (mask->is_none() ? operands != 3 : operands != 4)) return false;
  const bool picks = operands == 4 && dtype_of(call.operand(3)) == fettle::Dtype::boolean;
  return of_one_float(call, std::span(kAll).first(picks ? 3 : operands)) &&
         constant_of(call, "dropout_p", 0) == 0 && constant_of(call, "enable_gqa", 0) == 0;
}

constexpr Operator kOperators[] = {
    {"aten.matmul.default", has_vectors_or_matrices, matmul},
    {"aten.mm.default", all_of_one_float, matmul},
    {"aten.bmm.default", all_of_one_float, matmul},
    {"aten.addmm.default", all_of_one_float, addmm},
    {"aten.linear.default", multiplies_by_matrix, linear},
    {"aten.scaled_dot_product_attention.default", plain_attention, attention},
};

}  // namespace

std::span<const Operator> product_operators() { return kOperators; }
