#include "libemg/simulate/grid.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "libemg/core/error.h"

namespace emg {
namespace {

struct Shape {
  int rows, columns;
  double pitch_mm;
  std::set<int> missing;
};

Shape shape_of(const GridOptions& o) {
  switch (o.layout) {
    case GridLayout::grid_13x5_8mm:
      return {13, 5, 8, {0}};
    case GridLayout::grid_13x5_4mm:
      return {13, 5, 4, {0}};
    case GridLayout::grid_8x8_10mm:
      return {8, 8, 10, {}};
    case GridLayout::custom:
      break;
  }
  Shape shape{o.rows, o.columns, o.pitch_mm, {}};
  for (const double place : o.missing) {
    if (place != std::floor(place) || place >= o.rows * o.columns)
      throw InvalidArgument(
          fmt::format("missing {} is not an electrode of a grid of {} x {}, 0 to {}", place, o.rows, o.columns, o.rows * o.columns - 1));
    shape.missing.insert(static_cast<int>(place));
  }
  return shape;
}

// Neighbours of a channel: steps along the column and across, with their weights.
struct Term {
  int row, column;
  double weight;
};

std::vector<Term> terms_of(Montage montage) {
  switch (montage) {
    case Montage::monopolar:
      return {{0, 0, 1}};
    case Montage::single_differential:
      return {{0, 0, 1}, {1, 0, -1}};
    case Montage::double_differential:
      return {{0, 0, -1}, {1, 0, 2}, {2, 0, -1}};
    case Montage::laplacian:
      break;
  }
  return {{0, 0, 4}, {-1, 0, -1}, {1, 0, -1}, {0, -1, -1}, {0, 1, -1}};
}

Channel about_channel(const GridOptions& o, const Shape& shape, int row, int column) {
  Channel about;
  about.name = fmt::format("R{:02}C{:02}", row + 1, column + 1);
  about.electrode_kind = "grid";
  about.group = o.layout == GridLayout::custom ? fmt::format("grid_{}x{}", shape.rows, shape.columns) : name_of(o.layout);
  about.reference = name_of(o.montage);
  about.interelectrode_mm = shape.pitch_mm;
  return about;
}

}  // namespace

std::vector<SkinChannel> grid_channels(const GridOptions& options) {
  const auto shape = shape_of(options);
  const auto terms = terms_of(options.montage);
  const auto there = [&](int row, int column) {
    return row >= 0 && row < shape.rows && column >= 0 && column < shape.columns && !shape.missing.contains(column * shape.rows + row);
  };
  std::vector<SkinChannel> channels;
  for (int column = 0; column < shape.columns; ++column) {
    for (int row = 0; row < shape.rows; ++row) {
      SkinChannel channel{{}, about_channel(options, shape, row, column)};
      double x = 0, z = 0;
      for (const auto& term : terms) {
        if (!there(row + term.row, column + term.column)) break;
        const double ex = options.grid_x_mm + (column + term.column - (shape.columns - 1) / 2.0) * shape.pitch_mm;
        const double ez = options.grid_from_endplate_mm + (row + term.row - (shape.rows - 1) / 2.0) * shape.pitch_mm;
        channel.contacts.push_back({ex, ez, term.weight});
        x += ex / static_cast<double>(terms.size());
        z += ez / static_cast<double>(terms.size());
      }
      if (channel.contacts.size() != terms.size()) continue;
      channel.about.x_mm = x;
      channel.about.y_mm = z;
      channels.push_back(std::move(channel));
    }
  }
  if (channels.empty()) {
    throw InvalidArgument(
        fmt::format("montage {} leaves no channel of a grid of {} x {}", name_of(options.montage), shape.rows, shape.columns));
  }
  return channels;
}

SkinChannel pair_channel(const std::string& name, double x_mm, double z_mm, double interelectrode_mm) {
  Channel about;
  about.name = name;
  about.electrode_kind = "surface";
  about.reference = "bipolar";
  about.interelectrode_mm = interelectrode_mm;
  return {{{x_mm, z_mm - interelectrode_mm / 2, 1}, {x_mm, z_mm + interelectrode_mm / 2, -1}}, about};
}

}  // namespace emg
