// Tensors: who shares memory with whom.
#include "gpt/tensor/tensor.h"

#include <algorithm>
#include <vector>

#include "support/catch.h"

using namespace gpt;

namespace {

bool all_equal(const Tensor& t, float value) {
  return std::all_of(t.values().begin(), t.values().end(), [value](float v) { return v == value; });
}

}  // namespace

TEST_CASE("tensor: shapes") {
  CHECK(Shape::vector(5).size() == 5);
  CHECK(Shape::matrix(3, 4).size() == 12);
  CHECK(Shape::matrix(1, 5) != Shape::vector(5));
  const Tensor t = Tensor::zeros(Shape::matrix(3, 4));
  CHECK(t.rows() == 3);
  CHECK(t.columns() == 4);
  CHECK(t.row(2) == t.data() + 8);
  CHECK(t.values().size() == 12);
  CHECK_FALSE(Tensor());
  CHECK(Tensor().size() == 0);
}

TEST_CASE("tensor: zeros are zero and aligned") {
  for (const std::int64_t n : {0, 1, 1000}) {
    const Tensor t = Tensor::zeros(Shape::vector(n));
    CHECK(t);
    CHECK(all_equal(t, 0.0F));
    CHECK(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
    CHECK(t.writable());
  }
}

TEST_CASE("tensor: a copy shares, a clone does not") {
  Tensor a = Tensor::zeros(Shape::matrix(2, 3));
  CHECK(a.unique());
  const Tensor b = a;
  CHECK_FALSE(a.unique());
  b.fill(2.0F);
  CHECK(all_equal(a, 2.0F));
  const Tensor c = a.clone();
  CHECK(c.unique());
  CHECK(c.shape() == a.shape());
  a.fill(3.0F);
  CHECK(all_equal(c, 2.0F));
}

TEST_CASE("tensor: a move leaves nothing behind") {
  Tensor a = Tensor::zeros(Shape::vector(3));
  const float* const data = a.data();
  Tensor b = std::move(a);
  CHECK(b.data() == data);
  CHECK(b.unique());
  CHECK_FALSE(a);  // NOLINT(bugprone-use-after-move): that is the question
  a = std::move(b);
  CHECK(a.data() == data);
  Tensor& same = a;
  a = same;
  CHECK(a.data() == data);
  CHECK(a.unique());
}

TEST_CASE("tensor: arena memory goes back with the last handle") {
  Arena arena(1 << 20);
  {
    Tensor a(arena, Shape::matrix(10, 10));
    a.fill(1.0F);
    const Tensor b = a;
    a = Tensor();
    CHECK(arena.in_use() > 0);
    CHECK(all_equal(b, 1.0F));
    const Tensor kept = b.clone();
    CHECK(all_equal(kept, 1.0F));
  }
  CHECK(arena.in_use() == 0);
}

TEST_CASE("tensor: a view keeps its owner and cannot be written") {
  const auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
  {
    const Tensor view = Tensor::view(owner->data(), Shape::matrix(2, 2), owner);
    CHECK(owner.use_count() == 2);
    CHECK_FALSE(view.writable());
    CHECK(view.row(1)[0] == 3.0F);
    const Tensor shared = view;
    CHECK(owner.use_count() == 2);
    const Tensor own = shared.clone();
    CHECK(own.writable());
    own.fill(9.0F);
    CHECK(owner->front() == 1.0F);
  }
  CHECK(owner.use_count() == 1);
}
