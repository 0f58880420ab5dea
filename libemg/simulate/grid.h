#pragma once
// Electrodes on the skin: pairs along the fibres and grids, with their montage.
//
// Coordinates in mm: x across the fibres, z along them from the end-plate zone. A channel is a weighted sum of electrode potentials, so
// every montage holds for signals and templates alike.
// Throws InvalidArgument for a missing electrode that the grid does not have and a montage without any complete channel.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"

namespace emg {

/// One electrode and its weight in a channel.
struct SkinContact {
  double x_mm = 0;
  double z_mm = 0;
  double weight = 1;
};

struct SkinChannel {
  std::vector<SkinContact> contacts;
  Channel about;
};

enum class GridLayout { grid_13x5_8mm, grid_13x5_4mm, grid_8x8_10mm, custom };
constexpr auto enum_names(GridLayout) {
  using L = GridLayout;
  return std::array<std::pair<L, std::string_view>, 4>{{{L::grid_13x5_8mm, "grid_13x5_8mm"},
                                                        {L::grid_13x5_4mm, "grid_13x5_4mm"},
                                                        {L::grid_8x8_10mm, "grid_8x8_10mm"},
                                                        {L::custom, "custom"}}};
}

enum class Montage { monopolar, single_differential, double_differential, laplacian };
constexpr auto enum_names(Montage) {
  using M = Montage;
  return std::array<std::pair<M, std::string_view>, 4>{{{M::monopolar, "monopolar"},
                                                        {M::single_differential, "single_differential"},
                                                        {M::double_differential, "double_differential"},
                                                        {M::laplacian, "laplacian"}}};
}

struct GridOptions {
  GridLayout layout = GridLayout::grid_13x5_8mm;
  int rows = 8;
  int columns = 4;
  double pitch_mm = 10;
  std::vector<double> missing;
  Montage montage = Montage::monopolar;
  double grid_from_endplate_mm = 10;
  double grid_x_mm = 0;

  static constexpr auto fields() {
    using O = GridOptions;
    return std::tuple{
        field("layout", &O::layout, {}, "electrodes: rows along the fibres x columns, pitch; the 13 x 5 grids lack a corner"),
        field("rows", &O::rows, {1, 64}, "rows along the fibres (custom)"),
        field("columns", &O::columns, {1, 64}, "columns across the fibres (custom)"),
        field("pitch_mm", &O::pitch_mm, {0.5, 50}, "between neighbours (custom)"),
        field("missing", &O::missing, {0, 4095}, "electrodes left out, counted along the columns from 0 (custom)"),
        field("montage", &O::montage, {}, "differences along the columns, or of an electrode and its four neighbours"),
        field("grid_from_endplate_mm", &O::grid_from_endplate_mm, {-100, 100}, "middle of the grid from the end-plate zone"),
        field("grid_x_mm", &O::grid_x_mm, {-100, 100}, "middle of the grid from the middle of the muscle, across the fibres"),
    };
  }
};
static_assert(fully_described<GridOptions>());

/// Channels of a grid, column after column.
std::vector<SkinChannel> grid_channels(const GridOptions& options);

/// A pair along the fibres, its middle at (x, z).
SkinChannel pair_channel(const std::string& name, double x_mm, double z_mm, double interelectrode_mm);

}  // namespace emg
