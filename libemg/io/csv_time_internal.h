#pragma once
// The time column of a text recording: which it is, its rate, and where it jumps.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libemg/io/csv_internal.h"

namespace emg::csv {

/// From row `row` on, sample = row + shift.
struct Jump {
  Index row = 0;
  Index shift = 0;
};

/// Sample of a row.
Index sample_of(const std::vector<Jump>& jumps, Index row);
/// First row whose sample is `sample` or later.
Index row_from(const std::vector<Jump>& jumps, Index sample);
/// First row after `row` at which samples are left out; a large number if none.
Index next_jump(const std::vector<Jump>& jumps, Index row);
std::vector<Gap> gaps_of(const std::vector<Jump>& jumps);

class TimeAxis {
 public:
  /// Looks for the column by name, else takes the first if it ascends in equal steps. Whole numbers in steps of 1 without a telling name
  /// are a counter: no time, no signal. `ignored`: the rate is given, the column is only left out.
  TimeAxis(const Layout& layout, bool ignored);

  std::ptrdiff_t column() const { return column_; }
  std::ptrdiff_t counter_column() const { return counter_column_; }
  bool measures() const { return column_ >= 0 && !ignored_; }

  /// Takes the time of the next row. Calls `refuse` for a missing time or one that does not ascend.
  void add(Index row, double time, const std::function<void(const std::string&)>& refuse);

  /// Rate over the whole; an integer if it is one within the rounding of the text. Empty without a time column.
  std::optional<double> rate_hz() const;
  const std::vector<Jump>& jumps() const { return jumps_; }
  bool irregular() const { return irregular_; }

 private:
  std::ptrdiff_t column_ = -1, counter_column_ = -1;
  bool ignored_ = false, irregular_ = false, exact_ = false;
  double scale_ = 1;     // seconds in one unit of the column
  double step_ = 0;      // of the first rows, in units of the column
  double rounding_ = 0;  // unit of its last decimal
  Index first_row_ = -1, last_row_ = -1;
  double first_ = 0, last_ = 0;
  std::vector<Jump> jumps_;
};

}  // namespace emg::csv
