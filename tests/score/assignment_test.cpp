#include "libemg/score/assignment.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

double total(const RowMatrix& gain, const std::vector<Index>& column_of) {
  double sum = 0;
  for (std::size_t i = 0; i < column_of.size(); ++i) {
    if (column_of[i] >= 0) sum += gain(static_cast<Index>(i), column_of[i]);
  }
  return sum;
}

// The best of all permutations; rows <= columns.
double best_of_all(const RowMatrix& gain) {
  std::vector<Index> order(static_cast<std::size_t>(gain.cols()));
  std::iota(order.begin(), order.end(), 0);
  double best = -std::numeric_limits<double>::infinity();
  do {
    double sum = 0;
    for (Index i = 0; i < gain.rows(); ++i) sum += gain(i, order[static_cast<std::size_t>(i)]);
    best = std::max(best, sum);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

}  // namespace

TEST_CASE("the assignment is the best of all permutations") {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const Index rows = 1 + static_cast<Index>(random.below(5)), columns = rows + static_cast<Index>(random.below(3));
    RowMatrix gain(rows, columns);
    for (Index i = 0; i < gain.size(); ++i) gain.data()[i] = round % 2 ? random.normal() : static_cast<double>(random.below(3));
    const auto column_of = best_assignment(gain);
    auto sorted = column_of;
    std::sort(sorted.begin(), sorted.end());
    REQUIRE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    REQUIRE(total(gain, column_of) == Approx(best_of_all(gain)).margin(1e-12));
    const RowMatrix tall = gain.transpose();
    REQUIRE(total(tall, best_assignment(tall)) == Approx(best_of_all(gain)).margin(1e-12));
  }
}

TEST_CASE("a greedy choice loses the better pair, the assignment does not") {
  RowMatrix gain(2, 2);
  gain << 0.9, 0.8, 0.85, 0.1;
  CHECK(best_assignment(gain) == std::vector<Index>{1, 0});
}

TEST_CASE("without columns nothing is assigned; infinite gains are refused") {
  CHECK(best_assignment(RowMatrix(3, 0)) == std::vector<Index>{-1, -1, -1});
  CHECK(best_assignment(RowMatrix(0, 3)).empty());
  RowMatrix gain = RowMatrix::Zero(2, 2);
  gain(1, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(best_assignment(gain), InvalidArgument);
}
