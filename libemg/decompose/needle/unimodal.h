#pragma once
// Whether numbers come from one heap or two.
//
// Method: after Magland & Barnett 2015 (arXiv 1508.04841): the empirical distribution against its best unimodal fit (density rising, then
// falling: isotonic regression on both sides of the best mode); statistic = largest difference of the cumulative sums x sqrt(n).
// Cost: O(n log n).

#include <vector>

namespace emg::needle {

struct ModeTest {
  double statistic = 0;  ///< about 0.5 to 0.8 for one heap; 0 for fewer than 8 values
  double cut = 0;        ///< where two heaps part: the sparsest place between the means of the best two classes
};

ModeTest mode_test(std::vector<double> values);

}  // namespace emg::needle
