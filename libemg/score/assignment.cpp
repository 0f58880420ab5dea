#include "libemg/score/assignment.h"

#include <limits>

#include "libemg/core/error.h"

namespace emg {
namespace {

// Rows <= columns. Row and column 0 of the work arrays stand for "none".
std::vector<Index> assign_rows(const RowMatrix& gain) {
  const auto rows = static_cast<std::size_t>(gain.rows()), columns = static_cast<std::size_t>(gain.cols());
  std::vector<double> row_potential(rows + 1, 0), column_potential(columns + 1, 0);
  std::vector<std::size_t> row_of(columns + 1, 0), previous(columns + 1, 0);
  for (std::size_t row = 1; row <= rows; ++row) {
    row_of[0] = row;
    std::size_t column = 0;
    std::vector<double> slack(columns + 1, std::numeric_limits<double>::infinity());
    std::vector<char> visited(columns + 1, 0);
    do {
      visited[column] = 1;
      const std::size_t here = row_of[column];
      double step = std::numeric_limits<double>::infinity();
      std::size_t next = 0;
      for (std::size_t j = 1; j <= columns; ++j) {
        if (visited[j]) continue;
        const double reduced = -gain(static_cast<Index>(here - 1), static_cast<Index>(j - 1)) - row_potential[here] - column_potential[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          previous[j] = column;
        }
        if (slack[j] < step) {
          step = slack[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= columns; ++j) {
        if (visited[j]) {
          row_potential[row_of[j]] += step;
          column_potential[j] -= step;
        } else {
          slack[j] -= step;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    for (; column != 0; column = previous[column]) row_of[column] = row_of[previous[column]];
  }
  std::vector<Index> column_of(rows, -1);
  for (std::size_t j = 1; j <= columns; ++j) {
    if (row_of[j] != 0) column_of[row_of[j] - 1] = static_cast<Index>(j - 1);
  }
  return column_of;
}

}  // namespace

std::vector<Index> best_assignment(const RowMatrix& gain) {
  if (gain.size() > 0 && !gain.allFinite()) throw InvalidArgument("gain of an assignment must be finite");
  if (gain.size() == 0) return std::vector<Index>(static_cast<std::size_t>(gain.rows()), -1);
  if (gain.rows() <= gain.cols()) return assign_rows(gain);
  std::vector<Index> column_of(static_cast<std::size_t>(gain.rows()), -1);
  const auto row_of = assign_rows(gain.transpose());
  for (std::size_t j = 0; j < row_of.size(); ++j) column_of[static_cast<std::size_t>(row_of[j])] = static_cast<Index>(j);
  return column_of;
}

}  // namespace emg
