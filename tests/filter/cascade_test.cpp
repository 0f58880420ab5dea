#include "libemg/filter/cascade.h"

#include "libemg/core/error.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/notch.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {

TEST_CASE("padding counts poles, not sections") {
  CHECK(pad_length(bandpass_design(4, 20, 450, 2048)) == 27);
  CHECK(pad_length(lowpass_design(1, 6, 2048)) == 6);
  CHECK(pad_length(highpass_design(5, 20, 2048)) == 18);
  CHECK(pad_length(bandstop_design(2, 48, 52, 2048)) == 15);
}

TEST_CASE("look-ahead is where the slowest pole has decayed to 1e-15") {
  struct Case {
    int order;
    double rate_hz;
    Index samples;
  };
  for (const auto& c : {Case{1, 1000, 269}, {2, 1000, 389},    {4, 1000, 730},    {8, 1000, 1439},   {12, 1000, 2153},
                        {1, 2048, 519},     {2, 2048, 801},    {4, 2048, 1556},   {8, 2048, 3096},   {12, 2048, 4639},
                        {1, 10000, 2494},   {2, 10000, 3921},  {4, 10000, 7680},  {8, 10000, 15307}, {12, 10000, 22948},
                        {1, 48000, 11961},  {2, 48000, 18822}, {4, 48000, 36877}, {8, 48000, 73510}, {12, 48000, 110205}}) {
    CHECK(look_ahead(bandpass_design(c.order, 20, 450, c.rate_hz)) == c.samples);
  }
  struct Row {
    Cascade (*design)(double rate_hz);
    std::vector<Index> samples;  // at 1000, 2048, 10000, 48000 Hz; -1: no such filter
  };
  const double rates[] = {1000, 2048, 10000, 48000};
  for (const auto& row :
       {Row{[](double r) { return bandpass_design(4, 5, 450, r); }, {2884, 5963, 29190, 140123}},
        Row{[](double r) { return highpass_design(2, 10, r); }, {778, 1593, 7774, 37315}},
        Row{[](double r) { return highpass_design(4, 10, r); }, {1438, 2943, 14365, 68950}},
        Row{[](double r) { return highpass_design(4, 20, r); }, {720, 1472, 7183, 34475}},
        Row{[](double r) { return highpass_design(2, 500, r); }, {-1, 40, 156, 747}},
        Row{[](double r) { return lowpass_design(2, 6, r); }, {1296, 2654, 12957, 62192}},
        Row{[](double r) { return notch_design(r, {.line_hz = 50, .harmonic_count = 1, .quality = 30}); }, {6597, 13510, 65965, 316629}}}) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (row.samples[i] >= 0) CHECK(look_ahead(row.design(rates[i])) == row.samples[i]);
    }
  }
}

TEST_CASE("a filter too slow for blocks is refused, naming corner and rate") {
  CHECK_THROWS_WITH(highpass(test_signal(1, 100), 48000, {.cut_hz = 0.001}),
                    ContainsSubstring("cut_hz 0.001 Hz is too low or too narrow for rate_hz 48000"));
}

TEST_CASE("a block is the power of two above four look-aheads, at least 4096") {
  CHECK(block_length(highpass_design(2, 500, 2048)) == 4096);
  CHECK(block_length(bandpass_design(4, 20, 450, 2048)) == 8192);
}

TEST_CASE("a chain is one cascade over all sections") {
  const auto x = test_signal(3, 5000);
  const auto first = bandpass_design(4, 20, 450, 2048), second = bandstop_design(2, 48, 52, 2048);
  CHECK(filter_chain(x, 2048, {first, second}) == filter_cascade(x, 2048, joined(first, second)));
  CHECK(filter_chain(x, 2048, {}) == x);
}

TEST_CASE("group delay is the delay of a slow envelope") {
  const auto design = lowpass_design(2, 100, 1000);
  const double at_dc = group_delay_ms(design, 1000, 0);
  // A ramp leaves a causal low-pass of unit gain delayed by the group delay at 0 Hz.
  RowMatrix ramp(1, 2000);
  for (Index i = 0; i < ramp.cols(); ++i) ramp(0, i) = static_cast<double>(i);
  const RowMatrix y = filter_cascade(ramp, 1000, design, {.zero_phase = false});
  CHECK(1999 - y(0, 1999) == Approx(at_dc).epsilon(1e-9));
}

TEST_CASE("samples that overflow the filter are refused, as are samples that are not finite") {
  RowMatrix x = test_signal(10, 3000);
  x(9, 2000) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(filter_cascade(x, 2048, bandpass_design(4, 20, 450, 2048)), "channel 9, sample 2000 is not finite");
  for (Index i = 0; i < x.cols(); ++i) x(9, i) = i % 2 == 0 ? 1.7e308 : -1.7e308;
  CHECK_THROWS_AS(filter_cascade(x, 2048, highpass_design(4, 20, 2048)), NumericalError);
}

}  // namespace emg
