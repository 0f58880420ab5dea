#pragma once
// The best one-to-one assignment of rows to columns.
//
// gain: rows x columns, any sign, finite; result: for each row its column, or -1; min(rows, columns) rows are assigned. No rows or columns: no
// assignment. Throws InvalidArgument for a value that is not finite.
// Cost: O(n^2 m) with n = the smaller side; 100 x 100 in about 1 ms.
// Method: Hungarian algorithm with potentials, one shortest augmenting path for each row (Kuhn 1955; Jonker & Volgenant 1987).

#include <vector>

#include "libemg/core/signal.h"

namespace emg {

/// The assignment of largest total gain.
std::vector<Index> best_assignment(const RowMatrix& gain);

}  // namespace emg
