#include "libemg/simulate/grid.h"

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("grids have their electrodes where they are") {
  GridOptions o;
  const auto large = grid_channels(o);
  REQUIRE(large.size() == 64);
  CHECK(large[0].about.name == "R02C01");
  CHECK(large[0].about.x_mm == -16);
  CHECK(large[0].about.y_mm == -40 + 10);
  CHECK(large[63].about.name == "R13C05");
  CHECK(large[63].contacts[0].x_mm == 16);
  CHECK(large[63].contacts[0].z_mm == 48 + 10);
  o.layout = GridLayout::grid_13x5_4mm;
  CHECK(grid_channels(o)[1].contacts[0].z_mm - grid_channels(o)[0].contacts[0].z_mm == 4);
  o.layout = GridLayout::grid_8x8_10mm;
  CHECK(grid_channels(o).size() == 64);
  o.layout = GridLayout::custom;
  o.rows = 3;
  o.columns = 2;
  o.missing = {4};
  CHECK(grid_channels(o).size() == 5);
}

TEST_CASE("montages are differences whose weights cancel") {
  GridOptions o{.layout = GridLayout::custom, .rows = 5, .columns = 3, .pitch_mm = 5};
  for (const auto& [montage, count] :
       {std::pair{Montage::single_differential, 12u}, std::pair{Montage::double_differential, 9u}, std::pair{Montage::laplacian, 3u}}) {
    o.montage = montage;
    const auto channels = grid_channels(o);
    CHECK(channels.size() == count);
    for (const auto& channel : channels) {
      double sum = 0;
      for (const auto& contact : channel.contacts) sum += contact.weight;
      CHECK(sum == 0);
    }
  }
  o.missing = {7};  // the middle of the second column
  o.montage = Montage::laplacian;
  CHECK_THROWS_WITH(grid_channels(o), ContainsSubstring("montage laplacian leaves no channel"));
}

TEST_CASE("a missing electrode that the grid does not have is refused") {
  GridOptions o{.layout = GridLayout::custom, .rows = 3, .columns = 2, .pitch_mm = 5, .missing = {6}};
  CHECK_THROWS_WITH(grid_channels(o), ContainsSubstring("missing 6"));
  o.missing = {0.5};
  CHECK_THROWS_WITH(grid_channels(o), ContainsSubstring("missing 0.5"));
}
